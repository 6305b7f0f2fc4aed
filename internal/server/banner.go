package server

import (
	"fmt"
	"maps"
	"slices"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// banners says what everybody should know just now.
func banners(h engine.Health) []banner {
	var list []banner
	if h.RulesError != "" {
		list = append(list, banner{Text: "The last change of the rules was refused; the rules before it are in use.", Path: "/rules", More: "See the problems"})
	}
	for _, p := range h.Paused {
		list = append(list, banner{Text: fmt.Sprintf("The rule %q says nothing until %s: %s What it has to say waits.", p.Rule, p.Until.Format("2 Jan 15:04 UTC"), sentence(p.Reason)), Path: "/rules", More: "Let it go on"})
	}
	for _, instance := range slices.Sorted(maps.Keys(h.Stopped)) {
		list = append(list, banner{Text: fmt.Sprintf("The connection to %s is stopped: %s Its work waits and is done later.", capital(instance), sentence(h.Stopped[instance]))})
	}
	for _, instance := range slices.Sorted(maps.Keys(h.Connections)) {
		if c := h.Connections[instance]; !c.Up && h.Stopped[instance] == "" {
			list = append(list, banner{Text: fmt.Sprintf("%s is not connected just now: %s What is sent meanwhile comes later.", capital(instance), sentence(c.Why))})
		}
	}
	return list
}

// failures counts what waits for a person: deliveries that are dead and effects that were given up.
func failures(h engine.Health) int { return h.Inbox[flow.Dead] + h.Queue[store.JobParked] }
