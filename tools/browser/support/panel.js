// The front page of the demo: the clock and the faults.

export class Panel {
  constructor(page) {
    this.page = page;
    this.clock = page.getByRole("region", { name: "Clock" });
  }

  static async open(world) {
    const panel = new Panel(await world.visitor());
    await panel.page.goto("/demo/");
    return panel;
  }

  /** The time of the demo. */
  async now() {
    return new Date(await this.clock.getByRole("time").getAttribute("datetime"));
  }

  async forward(step) {
    await this.clock.getByRole("button", { name: step }).click();
  }
}
