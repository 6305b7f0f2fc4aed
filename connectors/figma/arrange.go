package figma

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
)

// arrangement makes one place hold exactly one webhook of ours for each event.
type arrangement struct {
	c      *Connector
	at     scoped
	before []keptHook
	list   []hook
	kept   []keptHook
	did    []string
}

func (a *arrangement) arrange(ctx context.Context) (connectors.Finding, error) {
	var err error
	if a.list, err = a.c.hooks(ctx, a.at); err == nil {
		err = a.settle(ctx)
	}
	if said := outbound.RefusalOf(err); said != nil && connectors.ClassOf(err) == connectors.Rejected {
		return a.refused(err, said), nil
	}
	if err != nil {
		return connectors.Finding{}, err
	}
	text := fmt.Sprintf("%s tells of %s", a.at, strings.Join(a.c.set.Events, ", "))
	if len(a.did) > 0 {
		text += " (" + strings.Join(a.did, "; ") + ")"
	}
	return a.c.ok("webhook", "%s", text), nil
}

func (a *arrangement) settle(ctx context.Context) error {
	for _, event := range a.c.set.Events {
		if err := a.one(ctx, event); err != nil {
			return err
		}
	}
	for _, h := range slices.Clone(a.list) {
		if a.mine(h) && !slices.Contains(a.c.set.Events, h.event()) {
			if err := a.drop(ctx, h, h.event()+" is no longer wanted"); err != nil {
				return err
			}
		}
	}
	return nil
}

// one sees to the webhook of one event.
func (a *arrangement) one(ctx context.Context, event string) error {
	good, bad := a.sorted(event)
	if len(good) == 0 {
		made, err := a.make(ctx, event, bad)
		if err != nil {
			return err
		}
		good = append(good, made)
	}
	keep := good[0]
	if rest, _ := a.c.restOf(keep); rest != "" {
		a.kept = append(a.kept, keptHook{ID: string(keep.ID), At: a.at, Event: event, Rest: rest, Since: a.since(keep)})
	}
	for _, h := range append(bad, good[1:]...) {
		if !a.mine(h) {
			continue // made by hand, and not ours to delete
		}
		if err := a.drop(ctx, h, "an old one for "+event+" deleted"); err != nil {
			return err
		}
	}
	return nil
}

// since is when a webhook of ours was first seen.
func (a *arrangement) since(h hook) time.Time {
	for _, k := range a.before {
		if k.ID == string(h.ID) {
			return k.Since
		}
	}
	return a.c.deps.Now().UTC()
}

// sorted parts the webhooks for an event that lead to us: those that work, those made by hand last, and those that do not,
// because they are switched off or belong to an earlier installation.
func (a *arrangement) sorted(event string) (good, bad []hook) {
	var byHand []hook
	for _, h := range a.list {
		rest, ours := a.c.restOf(h)
		switch active := !strings.EqualFold(h.Status, "PAUSED"); {
		case h.event() != event:
		case !ours && a.mine(h):
			bad = append(bad, h) // it led to an address that we had before
		case !ours:
		case rest == "" && active && len(a.c.set.WebhookPasscode) > 0:
			byHand = append(byHand, h)
		case rest == "":
		case active && a.c.registered(rest):
			good = append(good, h)
		default:
			bad = append(bad, h)
		}
	}
	slices.SortStableFunc(good, func(x, y hook) int { return a.rank(x) - a.rank(y) })
	return append(good, byHand...), bad
}

// mine reports whether signoff made a webhook: it leads to an address of ours with a registration, or we remember it.
func (a *arrangement) mine(h hook) bool {
	rest, ours := a.c.restOf(h)
	return ours && rest != "" || slices.ContainsFunc(a.before, func(k keptHook) bool { return k.ID == string(h.ID) })
}

// rank puts the webhook that we remember before others.
func (a *arrangement) rank(h hook) int {
	if slices.ContainsFunc(a.before, func(k keptHook) bool { return k.ID == string(h.ID) }) {
		return 0
	}
	return 1
}

// make makes a webhook. Where there is no room for one more, an old one of ours goes first.
func (a *arrangement) make(ctx context.Context, event string, bad []hook) (hook, error) {
	if len(a.list) >= a.at.most() && len(bad) > 0 && a.mine(bad[0]) {
		if err := a.drop(ctx, bad[0], "an old one for "+event+" deleted"); err != nil {
			return hook{}, err
		}
	}
	rest := a.c.newRegistration()
	made, err := a.c.putHook(ctx, a.at, event, rest)
	if connectors.ClassOf(err) == connectors.Unsure {
		made, err = a.found(ctx, rest, err)
	}
	if err != nil {
		return hook{}, err
	}
	made.Endpoint = a.c.hookURL() + "/" + rest
	a.list = append(a.list, made)
	a.did = append(a.did, "registered for "+event)
	return made, nil
}

// found looks for a webhook whose making was not answered. It is told by its address.
func (a *arrangement) found(ctx context.Context, rest string, lostErr error) (hook, error) {
	list, err := a.c.hooks(ctx, a.at)
	if err != nil {
		return hook{}, err
	}
	for _, h := range list {
		if got, ours := a.c.restOf(h); ours && got == rest {
			return h, nil
		}
	}
	return hook{}, lostErr
}

// drop deletes a webhook; one that is gone already is as good.
func (a *arrangement) drop(ctx context.Context, h hook, why string) error {
	if !slices.ContainsFunc(a.list, func(o hook) bool { return o.ID == h.ID }) {
		return nil // deleted to make room
	}
	if err := a.c.deleteHook(ctx, string(h.ID)); err != nil && outbound.StatusOf(err) != http.StatusNotFound {
		return err
	}
	a.list = slices.DeleteFunc(a.list, func(o hook) bool { return o.ID == h.ID })
	a.did = append(a.did, why)
	return nil
}

// refused says what an administrator can do where Figma does not take a webhook. The instance goes on without.
func (a *arrangement) refused(err error, said *outbound.Refusal) connectors.Finding {
	a.kept = slices.DeleteFunc(replaced(a.before, a.at, a.kept, false), func(k keptHook) bool { return k.At != a.at }) // what is not known to be gone
	e, _ := errors.AsType[*connectors.Error](err)
	remedy := map[string]string{
		"team":    "Webhooks for a team need a paid plan and an account that administers the team; else name projects or files.",
		"project": "Webhooks for a project need a paid plan and an account that can edit the project; Figma allows 5 at one.",
		"file":    "Webhooks for a file need a paid plan and an account that can edit the file; Figma allows 3 at one.",
	}[a.at.Kind]
	if strings.Contains(e.Person, "scope") {
		remedy = e.Person
	}
	return a.c.warn("webhook", fmt.Sprintf("%s: %s", a.at, said.Error()), remedy)
}
