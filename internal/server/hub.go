package server

import (
	"context"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/rules"
)

// Hub is what the server asks of the engine; *engine.Engine is one.
type Hub interface {
	Intake
	Archive
	Directory
	Rulebook
	// Hook takes one request to a hook and answers its sender.
	Hook(ctx context.Context, instance string, in connectors.Inbound) connectors.Reply
	// Authorize takes part in an OAuth flow of an instance; false where it has none. Authorizes says whether it has one.
	Authorize(ctx context.Context, instance string, in connectors.Inbound) (connectors.Reply, bool)
	Authorizes(instance string) bool
	// Health says whether deliveries can be taken in, and what is degraded; Check asks everything whether it is in order.
	Health(ctx context.Context) engine.Health
	Check(ctx context.Context) []engine.Finding
}

// Intake is what people and programs do through the server's own doors.
type Intake interface {
	// Submit opens a request; an *engine.IgnoredError says that the rules want none.
	Submit(ctx context.Context, in engine.Intake) (r flow.Request, isNew bool, err error)
	// Vote casts a verdict; whether it counted is in the result.
	Vote(ctx context.Context, v engine.VoteInput) (engine.VoteResult, error)
	// Act applies anything else; the first reason says what became of it.
	Act(ctx context.Context, ev flow.Event) (flow.Request, []flow.Reason, error)
	// Replay gives a delivery or a parked job another try; an *engine.ReplayError says why it cannot.
	Replay(ctx context.Context, id string) error
	// Pause lets a rule say nothing for a while, Unpause lets it go on; an *engine.PauseError says why not.
	Pause(ctx context.Context, in engine.PauseInput) (engine.Pause, error)
	Unpause(ctx context.Context, rule string, drop bool, by flow.Actor) error
	// Answer says what becomes of a delivery that is held back: accept, new, spam.
	Answer(ctx context.Context, delivery, answer string, who flow.Actor) error
}

// Archive is what can be looked up. Unknown things are engine.ErrUnknown.
type Archive interface {
	Requests(ctx context.Context, f engine.Filter) (engine.RequestPage, error)
	Request(ctx context.Context, id string) (engine.Detail, error)
	Deliveries(ctx context.Context, q store.DeliveryQuery) (list []flow.Delivery, next string, err error)
	Delivery(ctx context.Context, id string) (flow.Delivery, []flow.Record, error)
	Parked(ctx context.Context) ([]engine.EffectState, error)
	// Triage lists what waits for triage, and the open requests into which others may be merged. Pauses lists the rules that
	// are paused.
	Triage(ctx context.Context) (waiting, open []flow.Request, err error)
	Pauses(ctx context.Context) ([]engine.Pause, error)
	// Picture reads a small picture of an asset, checked to be one.
	Picture(ctx context.Context, ref flow.Ref) (body []byte, mediaType string, err error)
}

// Directory is what the rules in use and their people are.
type Directory interface {
	Rules() *rules.Set
	People(ctx context.Context) []engine.PersonState
	// MayTriage reports whether somebody says what becomes of requests that wait for triage.
	MayTriage(who flow.Actor) bool
	// SetAway and EndAway keep when somebody is away; the reason says what became of it, by a code.
	SetAway(ctx context.Context, in engine.AwayInput) (flow.Reason, error)
	EndAway(ctx context.Context, in engine.AwayInput) (flow.Reason, error)
	// Forecast lists what time alone will bring to the open requests until an instant.
	Forecast(ctx context.Context, until time.Time) ([]engine.Forecast, error)
	// Shelving says how the rules in a repository stand; false where they come from files.
	Shelving(ctx context.Context) (engine.Shelving, bool, error)
	Query() connectors.Query
}

// Rulebook is which rules requests follow, and what was decided by them. A ruleset that is not kept is engine.ErrUnknown.
type Rulebook interface {
	Rulesets(ctx context.Context) ([]engine.Ruleset, error)
	Ruleset(ctx context.Context, digest string) (*rules.Set, error)
	// Migrate moves open requests to the rules in use, or says what that would change; engine.ErrTooMany where too many
	// are meant at once.
	Migrate(ctx context.Context, m engine.Migration) ([]engine.Move, error)
	// Journal reads records after a place; JournalSince finds the place of an instant.
	Journal(ctx context.Context, after uint64, n int) ([]flow.Record, error)
	JournalSince(ctx context.Context, at time.Time) (uint64, error)
	// ExplainDelivery tries the rules in use on what a delivery says.
	ExplainDelivery(ctx context.Context, d flow.Delivery) ([]engine.Explained, error)
}
