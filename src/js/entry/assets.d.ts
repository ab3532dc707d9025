// The modules that the bundler makes of files that are not JavaScript.

declare module "#module.deflate" {
  const base64: string;
  export default base64;
}

declare module "#module.inline" {
  const base64: string;
  export default base64;
}

declare module "*.wasm?module" {
  const module: unknown;
  export default module;
}
