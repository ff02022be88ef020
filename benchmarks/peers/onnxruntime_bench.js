// Images per second of ONNX Runtime on the CPU, in prediction, on a file of export_onnx.py. See README.md.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');

const NOT_INSTALLED = 3;
const cache = path.join(__dirname, '..', '..', 'artifacts', 'peers');

function loadRuntime() {
  try {
    return require(require.resolve('onnxruntime-node', { paths: [cache, __dirname] }));
  } catch (error) {
    console.error('ONNX Runtime is not installed: npm install --ignore-scripts --prefix artifacts/peers onnxruntime-node@1.30.0 '
      + `(${String(error.message).split('\n')[0]})`);
    process.exit(NOT_INSTALLED);
  }
}

// The time of each run in seconds, sorted: after a warm-up at least five, and for so many seconds, like NetworkBenchmark.
async function measure(run, seconds) {
  await repeat(run, 3, 2);
  return (await repeat(run, 5, seconds)).sort((a, b) => a - b);
}

async function repeat(run, runs, seconds) {
  const times = [];
  const start = performance.now();
  while (times.length < runs || performance.now() - start < seconds * 1000) {
    const before = performance.now();
    await run();
    times.push((performance.now() - before) / 1000);
  }
  return times;
}

// The peak resident size. Node's own figure also remembers the parent's before exec, so Linux's count for this program goes first.
function peakBytes() {
  const status = fs.existsSync('/proc/self/status') ? fs.readFileSync('/proc/self/status', 'utf8') : '';
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(status);
  return 1024 * (peak ? Number(peak[1]) : process.resourceUsage().maxRSS);
}

async function main() {
  const { values } = parseArgs({
    options: {
      net: { type: 'string' },
      batch: { type: 'string', default: '32' },
      threads: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '5' },
      models: { type: 'string', default: cache },
    },
  });
  const [batch, threads, seconds] = [values.batch, values.threads, values.seconds].map(Number);
  const ort = loadRuntime();
  const session = await ort.InferenceSession.create(path.join(values.models, `${values.net}-b${batch}.onnx`), {
    intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
  });
  const { name, shape } = session.inputMetadata[0];
  const images = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, Math.random);
  const feeds = { [name]: new ort.Tensor('float32', images, shape) };

  const times = await measure(() => session.run(feeds), seconds);
  const format = (number) => number.toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  console.log(`infer ${values.net}, batch ${batch}, ${threads} thread(s): `
    + `best ${format(batch / times[0])} images/s, median ${format(batch / times[times.length >> 1])} images/s, `
    + `peak ${peakBytes().toLocaleString('en-US')} bytes; ONNX Runtime ${ort.env.versions.node} (${times.length} runs)`);
}

main().catch((error) => {
  console.error(String(error.message ?? error));
  process.exit(1);
});
