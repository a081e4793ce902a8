/** A forwarded channel as a stream that behaves like a socket: it ends, closes, and fails what was not written. */
import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";

export class ChannelStream extends Duplex {
  readonly #channel: ClientChannel;

  constructor(channel: ClientChannel) {
    super({ allowHalfOpen: false });
    this.#channel = channel;
    channel.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.on("end", () => this.push(null));
    channel.on("error", (error: Error) => this.destroy(error));
    channel.on("close", () => this.#closed());
  }

  // Clients of databases and HTTP call these on whatever they are given as a socket.
  setKeepAlive = (): this => this;
  setNoDelay = (): this => this;
  setTimeout = (): this => this;
  ref = (): this => this;
  unref = (): this => this;

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.#channel.writable) done(new Error("the other side has closed"));
    else this.#channel.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#channel.end();
    this.#channel.close();
    done(error);
  }

  /** The end comes before the close, unless the connection was lost: then nobody may take it for a whole answer. */
  #closed(): void {
    if (this.destroyed || this.readableEnded) return;
    if (this.#channel.readableEnded) this.once("end", () => this.destroy());
    else this.destroy(new Error("the connection to the host was lost"));
  }
}
