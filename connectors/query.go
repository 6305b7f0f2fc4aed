package connectors

import (
	"context"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// Query is what a Responder may ask while a person waits. Nothing here writes; answers come from memory or one short
// read of the store.
type Query interface {
	// Types lists the request types (templates) of the current ruleset in file order.
	Types() []flow.RequestType
	// Prefill reads words deterministically: a type, field values, each with the words it came from.
	Prefill(d flow.Form) flow.Prefill
	// Suggest is Prefill with the help of a language model, where one is configured: it may take a few seconds and is asked
	// while a form is open already, never before. What the rules read stands.
	Suggest(ctx context.Context, d flow.Form) flow.Prefill
	// Validate checks a form: messages by field name ("title", "type", or a template field), empty when all is well.
	Validate(d flow.Form) map[string]string
	// Request reads a request by id or by the ticket's label (DES-7); false when there is none.
	Request(ctx context.Context, id string) (flow.Request, bool, error)
	// Touching finds the open request a thing outside belongs to.
	Touching(ctx context.Context, ref flow.Ref) (flow.Request, bool, error)
	// Signed finds the approved request that a thing outside was decided in, where no open one belongs to it.
	Signed(ctx context.Context, ref flow.Ref) (flow.Request, bool, error)
	// Of lists the open requests of a person: those they asked for and those that wait for them.
	Of(ctx context.Context, who flow.Actor) (asked, waiting []flow.Request, err error)
	// Triage lists what waits for triage, and whether somebody may say what becomes of it.
	Triage(ctx context.Context, who flow.Actor) (Triage, error)
	// TakesPart reports whether somebody asked for a request, decides on it, or has said something there.
	TakesPart(ctx context.Context, id flow.RequestID, who flow.Actor) (bool, error)
	// May says whether an action would count now, and if not, why, in one sentence for the person.
	May(ctx context.Context, a Action) (ok bool, why string, err error)
	// Missing lists the fields that a request must have before it starts, and has not; in the order of its form.
	Missing(ctx context.Context, id flow.RequestID) ([]flow.Field, error)
	// Checklist lists the lines that must be ticked to approve a stage; nothing where it has none.
	Checklist(ctx context.Context, id flow.RequestID, stage string) ([]string, error)
	// Why explains a request in a few lines: the rule, the stage, who is waited on.
	Why(ctx context.Context, id string) (text.Doc, bool, error)
}

// Triage is the queue of requests that people must look at first.
type Triage struct {
	May     bool           // the person may say what becomes of them
	Waiting []flow.Request // oldest first
	Open    []flow.Request // into which one may be merged, newest first
}

// Action is something a person is about to do.
type Action struct {
	Who     flow.Actor
	Request flow.RequestID
	Do      string // approve, request_changes, decline, delegate, undo, withdraw, add_detail, submit_work
	Stage   string
	Round   int
	Version string
}
