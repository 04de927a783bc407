// Prints the field numbers of Kubernetes' protobuf messages for src/cluster/apiserver/protobuf/messages.generated.json, read by
// reflection from the tags of the Go types: `go run . > ../../src/cluster/apiserver/protobuf/messages.generated.json`.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	apps "k8s.io/api/apps/v1"
	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	events "k8s.io/api/events/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	scheduling "k8s.io/api/scheduling/v1"
	storage "k8s.io/api/storage/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What requests may carry; everything these refer to follows.
var roots = []any{
	core.Namespace{}, core.Node{}, core.Pod{}, core.Binding{}, core.Service{}, core.Endpoints{}, core.ConfigMap{},
	core.Secret{}, core.ServiceAccount{}, core.Event{}, core.PersistentVolumeClaim{},
	apps.Deployment{}, apps.ReplicaSet{}, apps.StatefulSet{}, apps.DaemonSet{}, apps.ControllerRevision{},
	authentication.SelfSubjectReview{}, authentication.TokenRequest{}, authentication.TokenReview{},
	authorization.LocalSubjectAccessReview{}, authorization.SelfSubjectAccessReview{},
	authorization.SelfSubjectRulesReview{}, authorization.SubjectAccessReview{},
	autoscalingv1.HorizontalPodAutoscaler{}, autoscalingv1.Scale{}, autoscalingv2.HorizontalPodAutoscaler{},
	batch.CronJob{}, batch.Job{}, coordination.Lease{}, discovery.EndpointSlice{}, events.Event{},
	networking.Ingress{}, networking.IngressClass{}, policy.Eviction{}, policy.PodDisruptionBudget{},
	rbac.ClusterRole{}, rbac.ClusterRoleBinding{}, rbac.Role{}, rbac.RoleBinding{},
	scheduling.PriorityClass{}, storage.StorageClass{},
	meta.CreateOptions{}, meta.DeleteOptions{}, meta.PatchOptions{}, meta.UpdateOptions{},
}

// Messages whose JSON is no object of their fields; the decoder knows them.
var special = map[string]string{
	"meta/v1.Time":         "Time",
	"meta/v1.MicroTime":    "MicroTime",
	"meta/v1.FieldsV1":     "Json",
	"runtime.RawExtension": "Json",
	"resource.Quantity":    "Quantity",
	"intstr.IntOrString":   "IntOrString",
}

// Group and version, as in apiVersion, by package path.
var groups = map[string]string{
	"authentication": "authentication.k8s.io",
	"authorization":  "authorization.k8s.io",
	"coordination":   "coordination.k8s.io",
	"discovery":      "discovery.k8s.io",
	"events":         "events.k8s.io",
	"networking":     "networking.k8s.io",
	"rbac":           "rbac.authorization.k8s.io",
	"scheduling":     "scheduling.k8s.io",
	"storage":        "storage.k8s.io",
}

type marshaler interface{ Marshal() ([]byte, error) }

var messages = map[string]map[string]string{}

func packageOf(t reflect.Type) string {
	path := strings.Split(t.PkgPath(), "/")
	last := path[len(path)-1]
	if last[0] != 'v' {
		return last
	}
	group := path[len(path)-2]
	if group == "core" {
		return last
	}
	if full, ok := groups[group]; ok {
		group = full
	}
	return group + "/" + last
}

func main() {
	for _, root := range roots {
		visit(reflect.TypeOf(root))
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(messages); err != nil {
		panic(err)
	}
}

func visit(t reflect.Type) {
	home := packageOf(t)
	if _, seen := messages[home][t.Name()]; seen {
		return
	}
	if messages[home] == nil {
		messages[home] = map[string]string{}
	}
	messages[home][t.Name()] = ""
	fields := map[int]string{}
	for i := range t.NumField() {
		field := t.Field(i)
		tag := strings.Split(field.Tag.Get("protobuf"), ",")
		if len(tag) < 3 {
			continue
		}
		number, err := strconv.Atoi(tag[1])
		if err != nil {
			panic(err)
		}
		name, flags, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = "." // The fields of the message are those of its parent.
		}
		kind := kindOf(field.Type, home)
		if strings.Contains(flags, "omitempty") && scalar(field.Type) {
			kind += "?"
		}
		fields[number] = fmt.Sprintf("%d %s %s", number, name, kind)
	}
	numbers := make([]int, 0, len(fields))
	for number := range fields {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	texts := make([]string, len(numbers))
	for i, number := range numbers {
		texts[i] = fields[number]
	}
	messages[home][t.Name()] = strings.Join(texts, ", ")
}

func scalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64:
		return true
	}
	return false
}

func kindOf(t reflect.Type, home string) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem(), home)
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int32, reflect.Int64:
		return "int"
	case reflect.Map:
		return "{}" + kindOf(t.Elem(), home)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		if reflect.PointerTo(t).Implements(reflect.TypeFor[marshaler]()) {
			return "Items" // A message of one list, which is a list in JSON.
		}
		return "[]" + kindOf(t.Elem(), home)
	case reflect.Struct:
		pkg := packageOf(t)
		if kind, ok := special[pkg+"."+t.Name()]; ok {
			return kind
		}
		visit(t)
		if pkg == home {
			return t.Name()
		}
		return pkg + "." + t.Name()
	}
	panic("no rule for " + t.String())
}
