// signoff's own pages.

/** Signs in by the role picker of the demo and returns the page, which shows the list of requests. */
export async function signIn(world, name, options) {
  const page = await world.visitor(options);
  await page.goto("/demo/roles");
  await page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
  await page.getByRole("heading", { level: 1, name: "Requests" }).waitFor();
  return page;
}
