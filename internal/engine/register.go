package engine

import (
	"context"
	"slices"
	"sync"

	"signoff/connectors"
)

// Webhooks that services hold for us are looked after by their connectors: at start and every hour they are checked,
// made and repaired. Whatever comes of it, the instance goes on.

// registers keeps what was last found of the webhooks.
type registers struct {
	mu    sync.Mutex
	found map[string][]connectors.Finding // by instance
}

func (r *registers) put(instance string, list []connectors.Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found == nil {
		r.found = map[string][]connectors.Finding{}
	}
	r.found[instance] = list
}

func (r *registers) of(instance string) []connectors.Finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.found[instance])
}

// register looks after the webhooks of one instance.
func (c *chores) register(ctx context.Context, instance string) {
	owner, ok := c.e.o.Connectors[instance].(connectors.Registrar)
	if _, stopped := c.e.gate.why(instance); !ok || stopped || c.e.o.Mode == "shadow" {
		return
	}
	found, err := guard(ctx, callTime, owner.Register)
	if err != nil {
		c.e.o.Log.Error("webhooks could not be looked after", "instance", instance, "class", string(connectors.ClassOf(err)), "error", err)
		found = append(found, connectors.Finding{Level: "warning", What: "webhook", Text: "It could not be looked after: " + reason(classed(err)),
			Remedy: "It is tried again within the hour; meanwhile tickets are read every 15 minutes."})
	}
	for _, f := range found {
		if f.Level != "ok" {
			c.e.o.Log.Warn("webhook", "instance", instance, "what", f.What, "finding", f.Text, "remedy", f.Remedy)
		}
	}
	c.registers.put(instance, found)
}
