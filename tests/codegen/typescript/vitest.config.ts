import { defineConfig } from "vitest/config";

// Long enough for a machine that does other things at the same time.
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 60_000 } });
