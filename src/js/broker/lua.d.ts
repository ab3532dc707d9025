// The bundler hands over scripts in Lua as text.

declare module "*.lua" {
  const text: string;
  export default text;
}
