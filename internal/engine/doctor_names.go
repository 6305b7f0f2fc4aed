package engine

import (
	"context"
	"fmt"

	"signoff/connectors"
)

// checkNames looks whether what the rules name exists at the service: its channels, its projects.
func (e *Engine) checkNames(ctx context.Context, instance string) []connectors.Finding {
	namer, ok := e.o.Connectors[instance].(connectors.Namer)
	if !ok {
		return nil
	}
	kind, places := namer.Names(), map[string]string{}
	var names []string
	for _, o := range e.Rules().Outside() {
		if o.Kind == kind {
			names, places[o.Name] = append(names, o.Name), fmt.Sprintf("%s:%d", o.At.File, o.At.Line)
		}
	}
	if len(names) == 0 {
		return nil
	}
	unknown, err := guard(ctx, checkTime, func(ctx context.Context) (map[string]string, error) { return namer.Unknown(ctx, names) })
	if err != nil {
		return []connectors.Finding{{
			Level: levelWarning, What: instance + " " + kind + "s", Text: "whether those that the rules name exist cannot be told: " + err.Error(),
			Remedy: "See what else is said of " + instance + ".",
		}}
	}
	var found []connectors.Finding
	for _, name := range names {
		near, missing := unknown[name]
		if !missing {
			continue
		}
		f := connectors.Finding{
			Level: levelWarning, What: kind + " " + name, Text: "the rules name it (" + places[name] + "), but it does not exist, or signoff may not see it",
			Remedy: "Correct the name, or let signoff see it: invite it to the channel, or give its account the project.",
		}
		if near != "" {
			f.Remedy = fmt.Sprintf("Did you mean %q?", near)
		}
		found = append(found, f)
	}
	if len(found) == 0 {
		return []connectors.Finding{{Level: levelOK, What: instance + " " + kind + "s", Text: fmt.Sprintf("all %d that the rules name exist", len(names))}}
	}
	return found
}
