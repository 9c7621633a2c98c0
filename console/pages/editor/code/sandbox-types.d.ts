/** Made by console/build/sandbox-types.ts. */
declare module "virtual:sandbox-types" {
  const files: Record<string, string>;
  export default files;
}
