'use strict';

// The models behind the other rivals, as far as the load needs them: each yields { text } and, at the end, { usage }.
const http = require('node:http');
const { setTimeout: delay } = require('node:timers/promises');

// Whoever asks an endpoint often keeps its connections, as the others' clients do.
const agent = new http.Agent({ keepAlive: true });

// Plays {"steps":[{"say":"…","chunks":50,"every_ms":5}]}.
async function* playScript(content) {
  let pieces = 0;
  for (const { say, chunks = 1, every_ms: every = 0 } of JSON.parse(content).steps) {
    let first = true;
    for (const text of cut(say, chunks)) {
      if (!first && every > 0) {
        await delay(every);
      }

      first = false;
      pieces++;
      yield { text };
    }
  }

  yield { usage: { input_tokens: 1, output_tokens: pieces } };
}

// As many pieces of about the same length as asked for; a surrogate pair stays whole.
function* cut(text, count) {
  const pieces = Math.min(count, text.length);
  let start = 0;
  for (let piece = 1; piece <= pieces; piece++) {
    let end = Math.floor((text.length * piece) / pieces);
    if (end < text.length && isHigh(text.charCodeAt(end - 1)) && isLow(text.charCodeAt(end))) {
      end++;
    }

    if (end > start) {
      yield text.slice(start, end);
      start = end;
    }
  }
}

function isHigh(unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit) {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

// Reads the stream of an OpenAI-compatible chat completion.
async function* askEndpoint(base, content) {
  const response = await post(`${base}/chat/completions`, {
    model: 'feed',
    messages: [{ role: 'user', content }],
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const data of serverSentData(response)) {
    if (data === '[DONE]') {
      continue; // the end of the body follows, and frees the connection for the next
    }

    const { choices, usage } = JSON.parse(data);
    const text = choices?.[0]?.delta?.content;
    if (text) {
      yield { text };
    }

    if (usage) {
      yield { usage: { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens } };
    }
  }
}

function post(url, body) {
  return new Promise((resolve, reject) => {
    const json = Buffer.from(JSON.stringify(body));
    const headers = { 'Content-Type': 'application/json', 'Content-Length': json.length, Accept: 'text/event-stream' };
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      if (response.statusCode === 200) {
        response.setEncoding('utf8');
        resolve(response);
      } else {
        response.resume();
        reject(new Error(`The model's endpoint answered ${response.statusCode}.`));
      }
    });
    request.on('error', reject);
    request.end(json);
  });
}

async function* serverSentData(response) {
  let rest = '';
  for await (const text of response) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('data:')) {
        yield line.slice(5).trim();
      }
    }
  }
}

module.exports = { playScript, askEndpoint };
