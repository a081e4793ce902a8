/** A world holds connections: it is closed when it was used. */
import type { World } from "../model/world.ts";

export async function within<T>(opening: Promise<World>, use: (world: World) => Promise<T>): Promise<T> {
  const world = await opening;
  try {
    return await use(world);
  } finally {
    await world.provider.close();
  }
}
