// The clients, behind one shape: open(client, where, inFlight) -> { get(key), set(key, value), close() }.
// Each with what its own documentation recommends for many operations at once.

const openers = {
    // Without auto pipelining it writes each command by itself; a lone command would only wait for the next turn.
    async ioredis({ host, port }, inFlight) {
        const { Redis } = await import("ioredis");
        const client = new Redis({ host, port, enableAutoPipelining: inFlight > 1 });
        return {
            get: (key) => client.get(key),
            set: (key, value) => client.set(key, value),
            close: () => client.quit(),
        };
    },

    // It pipelines by itself what is called in one turn of the loop.
    async redis({ host, port }) {
        const { createClient } = await import("redis");
        const client = createClient({ socket: { host, port } });
        client.on("error", (error) => {
            throw error;
        });
        await client.connect();
        return {
            get: (key) => client.get(key),
            set: (key, value) => client.set(key, value),
            close: () => client.close(),
        };
    },

    // Its own limits (1,000 in flight, 250 ms) would reject what is to be measured.
    async "@valkey/valkey-glide"({ host, port }, inFlight) {
        const { GlideClient } = await import("@valkey/valkey-glide");
        const client = await GlideClient.createClient({
            addresses: [{ host, port }],
            inflightRequestsLimit: inFlight + 1_000,
            requestTimeout: 10_000,
        });
        return {
            get: (key) => client.get(key),
            set: (key, value) => client.set(key, value),
            close: () => client.close(),
        };
    },
};

export function open(name, where, inFlight) {
    const opener = openers[name];
    if (!opener) throw new Error(`no such client: ${name}`);
    return opener(where, inFlight);
}
