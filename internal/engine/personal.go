package engine

import (
	"context"
	"errors"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// What is said or shown to somebody and belongs to no request.

// tellPerson does an effect that belongs to a person and to no request.
func (e *Engine) tellPerson(ctx context.Context, j store.Job) error {
	eff, err := effectOf(j)
	if err != nil {
		return store.Park(err.Error())
	}
	_, err = e.reach(ctx, j, eff)
	return err
}

// reach makes such an effect true outside. Whoever the chat does not know is written to instead, once.
func (e *Engine) reach(ctx context.Context, j store.Job, eff flow.Effect) ([]flow.Link, error) {
	doer, ok := e.o.Connectors[eff.Target].(connectors.Doer)
	if !ok || e.o.Mode == "shadow" && !strings.HasPrefix(eff.ID, shadowPrefix) || eff.Tell != nil && !eff.Tell.Expires.IsZero() && e.o.Now().After(eff.Tell.Expires) {
		return nil, nil
	}
	if err := e.whileStopped(j, eff.Target); err != nil {
		return nil, err
	}
	if err := e.accountsOf(ctx, &eff); err != nil {
		return nil, err
	}
	if mailed, err := e.strange(ctx, j, &eff); mailed || err != nil {
		return nil, err
	}
	what := call{job: j.ID, instance: eff.Target, shape: shapeOf(eff), effect: eff}
	if err := e.whileLimited(j, what); err != nil {
		return nil, err
	}
	links, err := guard(ctx, callTime, func(ctx context.Context) ([]flow.Link, error) { return redo(ctx, doer, eff, j) })
	return links, e.toldPerson(ctx, j, what, err)
}

// redo does an effect. What an earlier try may have made is looked for first: what is shown is then brought up to date, what
// was said is not said twice.
func redo(ctx context.Context, doer connectors.Doer, eff flow.Effect, j store.Job) ([]flow.Link, error) {
	if !j.Unsure || eff.Show != nil && eff.Show.Link != nil {
		return doer.Do(ctx, eff)
	}
	links, found, err := doer.Find(ctx, eff, j.Lost)
	switch {
	case err != nil, found && (eff.Show == nil || len(links) == 0):
		return links, err
	case found:
		show := *eff.Show
		show.Link, eff.Show = &links[0], &show
	}
	return doer.Do(ctx, eff)
}

// strange looks for the account of whoever an effect goes to, where none is known yet. Somebody whom the chat does not know
// is written to by mail, where that can be; the effect is done with then.
func (e *Engine) strange(ctx context.Context, j store.Job, eff *flow.Effect) (mailed bool, err error) {
	_, named := namedIn(*eff)
	for _, who := range named {
		_, known := eff.Known[who.ID()]
		person, ours := e.current().Person(who.Name)
		if known || !ours || !recipient(*eff, who) {
			continue
		}
		ref, err := e.accountThere(ctx, j, eff.Target, person)
		switch {
		case err != nil:
			return false, err
		case !ref.Zero():
			eff.Known[who.ID()] = ref
		case e.outbox.writes(eff.Target, person):
			e.o.Log.Info("person is not in chat and is written to", "effect", eff.ID, "person", who.Name)
			return true, e.o.Store.Update(ctx, func(tx store.Tx) error {
				return enqueueTell(tx, letterOf(*eff, e.o.Mail), who.Name, e.o.Now().UTC())
			})
		}
	}
	return false, nil
}

// accountThere asks an instance for somebody's account; zero: there is none that may be used.
func (e *Engine) accountThere(ctx context.Context, j store.Job, instance string, who flow.Person) (flow.Ref, error) {
	if why, err := e.outbox.barred(ctx, instance, who.Name); err != nil || why != "" {
		return flow.Ref{}, err
	}
	what := identifying(instance)
	if err := e.whileLimited(j, what); err != nil {
		return flow.Ref{}, err
	}
	ref, err := guard(ctx, callTime, func(ctx context.Context) (flow.Ref, error) { return e.people.find(ctx, instance, who) })
	var none *unresolved
	switch {
	case errors.As(err, &none):
		return flow.Ref{}, nil
	case err != nil:
		return flow.Ref{}, e.toldPerson(ctx, j, what, err)
	}
	return ref, nil
}

// writes reports whether somebody whom an instance does not know can be written to by mail instead.
func (o *outbox) writes(instance string, who flow.Person) bool {
	return o.o.Mail != "" && instance == o.o.Chat && instance != o.o.Mail && who.Email != "" && o.o.Connectors[o.o.Mail] != nil
}

// letterOf is the mail that stands for an effect which the chat cannot bring.
func letterOf(e flow.Effect, mail string) flow.Effect {
	out := flow.Effect{ID: e.ID + "/mail", Target: mail}
	if e.Show != nil {
		out.Tell = &flow.Tell{To: []flow.Actor{e.Show.To}, View: e.Show.View}
		return out
	}
	tell := *e.Tell
	out.Tell = &tell
	return out
}

// accountsOf fills in the accounts of everybody an effect names, as far as they are known.
func (e *Engine) accountsOf(ctx context.Context, eff *flow.Effect) error {
	all, _ := namedIn(*eff)
	eff.Known = map[string]flow.Ref{}
	return e.o.Store.View(ctx, func(tx store.Tx) error {
		for _, who := range all {
			ref, ok, err := e.people.account(tx, eff.Target, who.Name)
			if err != nil {
				return err
			}
			switch {
			case ok:
				eff.Known[who.ID()] = ref
			case who.Ref.System == eff.Target:
				eff.Known[who.ID()] = who.Ref
			}
		}
		return nil
	})
}

func (e *Engine) toldPerson(ctx context.Context, j store.Job, what call, err error) error {
	if err == nil {
		e.met.effects.WithLabelValues(what.instance, "done").Inc()
		return nil
	}
	if later := e.interrupted(ctx, err); later != nil {
		return later
	}
	ce := classed(err)
	e.met.effects.WithLabelValues(what.instance, string(ce.Class)).Inc()
	e.o.Log.Warn("person not told", "job", j.ID, "class", string(ce.Class), "error", err)
	return e.afterFailure(ctx, j, what, ce)
}
