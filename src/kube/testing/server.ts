import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type ClosableClient, createClient } from '../client.ts';
import { directConnection } from '../connection.ts';

/** One request as the scripted API server saw it, and how to answer it. */
export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: unknown;
  request: IncomingMessage;
  response: ServerResponse;
  json(status: number, body: unknown, headers?: Record<string, string>): void;
  /** A Status that says no. */
  fail(code: number, reason: string, message: string, headers?: Record<string, string>): void;
  /** Writes one line of a watch. */
  event(type: string, object: unknown): void;
}

export interface ScriptedServer {
  url: string;
  client: ClosableClient;
  calls: Call[];
}

/** An HTTP server on loopback that answers as the test says; it is gone when the test is. */
export async function scriptedServer(answer: (call: Call) => void | Promise<void>): Promise<ScriptedServer> {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const url = new URL(request.url ?? '/', 'http://server');
    const call: Call = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: text ? JSON.parse(text) : undefined,
      request,
      response,
      json(status, body, headers = {}) {
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(body));
      },
      fail(code, reason, message, headers) {
        call.json(
          code,
          { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message },
          headers,
        );
      },
      event(type, object) {
        response.write(`${JSON.stringify({ type, object })}\n`);
      },
    };
    calls.push(call);
    await answer(call);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createClient(directConnection({ server: url, token: 'secret-token' }));
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url, client, calls };
}
