// One load: GET and SET half and half on random keys, a number of operations in flight, through one client.
// Usage: node load.mjs '{"client":"ioredis","host":"127.0.0.1","port":6379,"in_flight":512,"value_bytes":64,
//                        "keys":10000,"duration_ms":1000,"seed":1}'
// The last line of stdout: {"operations":…,"errors":…,"seconds":…,"cpu_s":…,"p50_us":…,"p99_us":…}

import { open } from "./clients.mjs";

const spec = JSON.parse(process.argv[2]);
const warmUpMs = 300; // until the compiler has seen the hot functions

/// Latencies in logarithmic buckets, 32 for each power of two.
class Histogram {
    constructor() {
        this.counts = new Float64Array(32 * 48);
        this.total = 0;
    }
    add(ns) {
        this.counts[Math.min(this.counts.length - 1, Math.max(0, Math.floor(Math.log2(ns + 1) * 32)))]++;
        this.total++;
    }
    quantileUs(q) {
        let seen = 0;
        for (let i = 0; i < this.counts.length; ++i) {
            seen += this.counts[i];
            if (this.counts[i] > 0 && seen >= q * this.total) return 2 ** ((i + 0.5) / 32) / 1000;
        }
        return 0;
    }
}

const keys = Array.from({ length: spec.keys }, (_, i) => `key:${String(i).padStart(12, "0")}`);
const value = "x".repeat(spec.value_bytes);
let random = (spec.seed * 2654435761) >>> 0 || 1;
function nextKey() {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    return keys[(random >>> 0) % keys.length];
}

let operations = 0;
let errors = 0;
let started = 0;
let stopped = false;
let firstError;
let latency = new Histogram();

async function repeat(client) {
    while (!stopped) {
        const sampled = ++started % 16 === 0;
        const began = sampled ? process.hrtime.bigint() : 0n;
        try {
            const key = nextKey();
            if (started % 2 === 0) await client.set(key, value);
            else if ((await client.get(key)) === null) throw new Error(`${key} is missing`);
        } catch (error) {
            firstError ??= error;
            ++errors;
            return;
        }
        ++operations;
        if (sampled) latency.add(Number(process.hrtime.bigint() - began));
    }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/// For a time, and until each operation in flight has ended as often as asked for; 10 s at most.
async function atLeast(ms, turns) {
    const latest = Date.now() + 10_000;
    await sleep(ms);
    while (operations < turns * spec.in_flight && errors === 0 && Date.now() < latest) await sleep(20);
}

const client = await open(spec.client, { host: spec.host, port: spec.port }, spec.in_flight);
const repeaters = Array.from({ length: spec.in_flight }, () => repeat(client));
await atLeast(warmUpMs, 1);
operations = 0;
latency = new Histogram();
const cpuBefore = process.cpuUsage(); // of all threads: one client does its work in another one
const start = process.hrtime.bigint();
await atLeast(spec.duration_ms, 2);
const counted = operations;
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const cpu = process.cpuUsage(cpuBefore);
stopped = true;
await Promise.all(repeaters);
await client.close();
if (firstError) console.error(firstError);
console.log(
    JSON.stringify({
        operations: counted,
        errors,
        seconds,
        cpu_s: (cpu.user + cpu.system) / 1e6,
        p50_us: latency.quantileUs(0.5),
        p99_us: latency.quantileUs(0.99),
    }),
);
process.exit(0); // a client that leaves a timer behind would hold the process
