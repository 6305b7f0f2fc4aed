package connectors

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"signoff/internal/flow"
)

// Kind is what a connector package exports; cmd lists the kinds by hand.
type Kind struct {
	Name    string // the word in the configuration: slack, jira, embedded
	Tracker bool   // stands under tracker: instead of connectors:
	Either  bool   // stands under both; Deps.Tracker says where an instance does
	// Example is YAML for one instance; a test decodes it, config.example.yaml and the docs print it.
	Example string
	// New decodes the instance's settings strictly and returns a connector that has not yet spoken to the service.
	// Problems in the settings are reported by decode, or returned as *SettingError to be shown at their place.
	New func(decode func(into any) error, d Deps) (Connector, error)
}

// SettingError is a problem with one key of an instance's settings: Key is its path below the instance
// ("signing_secret", "projects.DES.status").
type SettingError struct {
	Key  string
	Text string // one plain sentence with the remedy; never the value of a secret
}

func (e *SettingError) Error() string { return e.Key + ": " + e.Text }

// Deps is what a connector is given.
type Deps struct {
	Instance  string
	Tracker   bool   // the instance stands under tracker:
	Version   string // for User-Agent
	PublicURL string // without trailing slash; pages of ours are PublicURL + path
	Key       []byte // 32 bytes of this instance's own, derived from the store's key: seals values that travel outside
	StoreID   string // the store's identity: part of marks, so that two installations never mix
	// HTTP returns a client that may speak to the exact origin of base and to the vendor hosts (exact names, or
	// ".suffix" on a label boundary), with size and time limits, no redirects to other hosts.
	HTTP func(base string, vendor ...string) *http.Client
	// Files is HTTP for files in either direction: streamed, nothing unpacked, at most 25 MiB of an answer, ten minutes
	// in all, an end when nothing moves.
	Files func(base string, vendor ...string) *http.Client
	Log   *slog.Logger
	Now   func() time.Time
	Keep  Keep
	// Delivery returns the body of a delivery of this instance by the sender's own id; nil when it is kept no longer.
	Delivery func(ctx context.Context, id string) ([]byte, error)
	// Picture reads a small picture of any instance, checked and at most 2 MiB; it is fetched once and kept. Errors are
	// *Error.
	Picture func(ctx context.Context, ref flow.Ref) (body []byte, mediaType string, err error)
	// Pass returns an address of ours at which one person may answer one question without signing in.
	Pass func(Pass) string
}

// Pass is the right of one person to answer one question on a page. It ends at Until, when the question is answered, and
// when the work is not the same any more.
type Pass struct {
	Person  string // directory name; of whoever asked for the work and is not in the directory, their Actor's ID
	Request flow.RequestID
	Stage   string
	Round   int
	Version string
	Until   time.Time
}

// Keep holds what the service said (identities, field ids, receipts), never decisions. It is scoped to the instance.
//
// Put returns when the value is safe. Old values are compared: it answers ErrChanged when the stored value is not old
// (nil: must not exist); a nil new value deletes.
//
// Note waits for nothing: the value is read at once, and safe with the next commit, at the latest with the one that
// records the result of the Do or Enrich that noted it. The end of the process before that loses it together with the
// result. So what can be asked again is noted, and what alone prevents a second call is put.
type Keep interface {
	Get(ctx context.Context, key string) ([]byte, error) // nil when absent
	Put(ctx context.Context, key string, old, new []byte) error
	Note(key string, value []byte) // nil deletes
	Scan(ctx context.Context, prefix string, each func(key string, value []byte) error) error
}

// Connector is one instance of a kind. Everything else it can do is an ability: one of the interfaces below.
type Connector interface {
	// Check asks the service whether credentials, scopes and named objects are in order. It changes nothing.
	Check(ctx context.Context) []Finding
}

// Finding is one line of a check: Level is "ok", "warning" or "problem"; Remedy says what to do, empty when ok.
type Finding struct {
	Level  string `json:"level"`
	What   string `json:"what"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

// Namer knows the things outside that rule files name: the channels of a chat, the projects of a tracker.
type Namer interface {
	// Names says which kind of names it knows: "channel" or "project".
	Names() string
	// Unknown returns those of some names that the service does not have or does not show, each with the nearest that it has, if
	// any. Errors are *Error.
	Unknown(ctx context.Context, names []string) (map[string]string, error)
}

// Inbound is one HTTP request to /hooks/{instance}/{rest}, body read and bounded, nothing verified.
type Inbound struct {
	Method string
	Rest   string // path after the instance, without leading slash
	Query  map[string][]string
	Header http.Header
	Body   []byte
	At     time.Time // received
	Remote string
	// Trusted says that the channel it came through has authenticated itself (Socket Mode): there is no signature. It is
	// set by listeners only, never for what comes to the hooks.
	Trusted bool
}

// Prober asks in one call whether the credentials are taken and the main thing may be done. A connector without it is judged
// by Check, where any problem counts. The engine asks a stopped instance every minute whether it may go on.
type Prober interface {
	Probe(ctx context.Context) error
}

// Accepted is what a receiver says of an authentic Inbound.
type Accepted struct {
	// ID is the sender's id of this delivery, the same on redelivery; without the instance.
	ID string
	// Key is a content key: the same fact may come under several ids. Empty: none.
	Key  string
	Kind string // the connector's word: "event:app_mention", "block_actions"
	Type string // media type, for Parse
	// Ignored says why the delivery is authentic but of no use; it is kept as ignored. Malformed likewise.
	Ignored, Malformed string
	// Kept, when set, is stored for Parse instead of the body: what nobody may read here is not kept.
	Kept []byte
	// Answer, when set, is sent at once and nothing is stored (challenges, ssl checks).
	Answer *Reply
	// Waits is true when a person waits for the answer: the engine then asks Respond.
	Waits bool
	// Enrich is true when Enrich must run before Parse.
	Enrich bool
	// About names a thing outside without which the delivery is of no use: where no request belongs to it when the
	// delivery arrives, the engine keeps neither its body nor a job for it. Words in a channel are nearly all of that kind.
	About flow.Ref
	// Alarm names something an operator should hear about although the delivery is kept.
	Alarm string
	// Missed is when the sender began to keep things back. What was said since then in the threads of open requests is
	// asked for.
	Missed time.Time
	// Secret says which of our secrets it was signed with: "current" or "previous"; empty where nothing was signed.
	Secret string
}

// Receiver reads webhooks. Both methods are free of I/O.
type Receiver interface {
	// Accept authenticates by the raw body, names the delivery and classifies it. A refusal is a *Refusal.
	Accept(in Inbound) (Accepted, error)
	// Parse turns a stored delivery into events; it may run again as long as the delivery is kept. An error means
	// the delivery is malformed for good, or that Nothing follows.
	Parse(d flow.Delivery) ([]flow.Event, error)
}

// Refusal answers a sender that is not believed: Status by SAFETY (401, 404, 405, 415…), Reason for the log and the
// counter only; it never holds a secret or a computed signature.
type Refusal struct {
	Status int
	Reason string
	Allow  string // for 405
	Signed bool   // the signature was right; it is meant for somebody else
}

func (r *Refusal) Error() string { return r.Reason }

// Reply is an HTTP answer.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	// Store says whether the delivery is to be stored before this answer is given (Respond only).
	Store bool
	// Beside is started as soon as Respond has returned, beside the commit, and owned by the engine (opening a modal).
	Beside func(ctx context.Context)
	// Failed is the answer to give instead when storing failed.
	Failed *Reply
}

// Responder answers deliveries for which a person waits. It must return within a few milliseconds.
type Responder interface {
	Respond(ctx context.Context, in Inbound, acc Accepted, q Query) Reply
}

// Enricher turns a hint into facts (who is U123, what does the thread say); what was learned is kept with the
// delivery as JSON and given to Parse. Errors are *Error.
type Enricher interface {
	Enrich(ctx context.Context, d flow.Delivery) (learned []byte, err error)
}

// Recaller is an Enricher that often knows the answer already. Recall is Enrich without asking outside, while the sender
// waits; ok is false where it would have to ask.
type Recaller interface {
	Recall(ctx context.Context, d flow.Delivery) (learned []byte, ok bool)
}

// Asker wants to ask, while it enriches, what is known of requests. Ask is called once, before the first delivery.
type Asker interface{ Ask(q Query) }

// Listener keeps a connection of its own open, through which deliveries come (Socket Mode). deliver takes one in as a
// hook does and returns its answer; what it answered must reach the sender only after deliver has returned. Listen runs
// until ctx ends; it reconnects by itself. An *Error of class Denied means that it cannot go on until the settings
// change; after any other error the engine calls it again, later.
type Listener interface {
	Listen(ctx context.Context, deliver func(context.Context, Inbound) Reply) error
}

// Connectable is a Listener that knows whether its connection stands, and if not, why. One whose settings want no
// connection says true.
type Connectable interface {
	Connected() (ok bool, why string)
}

// Authorizer takes part in an OAuth flow at /oauth/{instance}/{rest}. Rest "install" is asked for by somebody who is
// signed in and answers with a redirect to the service; "callback" comes from their browser.
type Authorizer interface {
	Authorize(ctx context.Context, in Inbound) Reply
}

// Registrar owns the registration of our webhooks at the service: it finds what is there by name and address, makes
// what is missing, repairs what differs, and never leaves two. It is called at start and every hour.
type Registrar interface {
	Register(ctx context.Context) ([]Finding, error)
}

// Guesser lists accounts that may be a person's but are not surely theirs (the service hides the address); the person
// is asked. Guests, bots and deactivated accounts are never returned.
type Guesser interface {
	Guess(ctx context.Context, email, shown string) ([]flow.Actor, error)
}

// FileMeta is what a source says of a file when it is opened. Size is -1 where it is not known.
type FileMeta struct {
	Name, Type string
	Size       int64
	// AsSent says that no service stands between the sender and these bytes that could put a page of its own in their place: a
	// mail holds its files itself. A name that promises something else is then the sender's, and no reason to leave it out.
	AsSent bool
}

// Opener reads a file as a stream. The caller closes it. Errors are *Error, with one sentence for people.
type Opener interface {
	Open(ctx context.Context, file flow.Ref) (io.ReadCloser, FileMeta, error)
}

// Attacher puts a file at the place a Copy effect names, streamed. It may be called again with the same effect; Find
// says what an earlier call left behind. A body that ends in an error leaves nothing behind.
type Attacher interface {
	Attach(ctx context.Context, e flow.Effect, m FileMeta, body io.Reader) ([]flow.Link, error)
}

// Homer shows a person's own page. Doing it twice is harmless.
type Homer interface {
	Home(ctx context.Context, who flow.Ref, h flow.Home) error
}

// Identifier finds a person's account by e-mail. ok=false: surely none; errors are *Error. Guests, bots and
// deactivated accounts are never returned.
type Identifier interface {
	Identify(ctx context.Context, email string) (who flow.Actor, ok bool, err error)
}

// Pinner turns a pinned account id of the directory (people.<name>.<kind>) into an Actor's Ref.
type Pinner interface {
	Pin(id string) flow.Ref
}

// Doer makes effects true outside.
type Doer interface {
	// Do carries out the effect; it may be called again with the same effect. Links are what now exists. Errors are *Error.
	Do(ctx context.Context, e flow.Effect) ([]flow.Link, error)
	// Find says what an earlier Do left behind; it is asked before a retry whenever the answer was lost. false =
	// surely nothing. "Cannot know yet" is an *Error of class Unsure with Wait, and Find is asked again then. tried is
	// when the lost call was made.
	Find(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error)
}

// Pacer names the rate limits an effect falls under. The engine keeps them for a while after the service has refused
// or failed; before, it only sees to it that Alone calls go out one at a time.
type Pacer interface {
	Pace(e flow.Effect) []Pace
}

// Pace is one limit: at most PerMinute calls for Key, with short bursts of Burst.
type Pace struct {
	Key       string // "chat.postMessage/C123"
	PerMinute float64
	Burst     int
	Alone     bool // one call at a time: to one channel, to one ticket
	Budget    bool // a limit of our own, kept always: writes a day
}

// Tracker keeps tickets.
type Tracker interface {
	Connector
	Doer
	// Read reads a ticket as it is now; only Status, Title and Ticket of the view are meaningful, Headline holds the
	// tracker's own status name, Fields "updated" its last change and "key" its key, where the tracker has them. An
	// *Error with Gone says that the ticket cannot be seen.
	Read(ctx context.Context, ticket flow.Ref) (flow.View, error)
	// Statuses lists the tracker's status names.
	Statuses(ctx context.Context) ([]string, error)
}

// Conversant reads what was said in a ticket since an instant, as the webhooks would have told it: CommentAdded,
// CommentEdited, FilesAdded, oldest first, and CommentRemoved where it can tell. What signoff wrote itself is left out.
type Conversant interface {
	Said(ctx context.Context, ticket flow.Ref, since time.Time) ([]flow.Event, error)
}

// Source keeps the work that is decided on.
type Source interface {
	// Recognize reads an address that people share. Ref, URL and Nodes are set, and Versions where the address names one.
	// It is free of I/O.
	Recognize(address string) (flow.Asset, bool)
	// Look reads an asset as it is now: AssetChanged with its newest version (always the first event, unless the asset is
	// gone: then AssetGone alone), and what was said and done there since an instant, as the webhooks would have told it:
	// CommentAdded, CommentEdited, CommentRemoved, PointResolved. What signoff wrote itself is left out. It is called when
	// a request learns of an asset, and every LookEvery for those of open requests.
	Look(ctx context.Context, a flow.Asset, since time.Time) ([]flow.Event, error)
	LookEvery() time.Duration // 0: the usual 15 minutes
}

// Briefer keeps pages that brief a request.
type Briefer interface {
	// Brief names the page at an address that people share. It is free of I/O.
	Brief(address string) (flow.Ref, bool)
	// ReadBrief reads it: a BriefRead. An *Error with Gone or Person says in a sentence why not.
	ReadBrief(ctx context.Context, page flow.Ref) (flow.Event, error)
}

// Poller asks its service for what its webhooks may have missed, or for everything where there are none. What it finds is
// delivered as a listener does it; where it stands it keeps itself, and only after deliver has returned a status below
// 500. It is called at start and again after next, at the earliest.
type Poller interface {
	Poll(ctx context.Context, deliver func(context.Context, Inbound) Reply) (next time.Duration, err error)
}

// Mailer marks the instance through which people are written to: flow.Places.Mail. People are {instance, address,
// a@b.example} in lower case.
type Mailer interface{ Mails() bool }

// Ways are what a tracker's settings say about conflicts: Bypass ("flag", "move back") when a ticket is moved past an
// open approval, Attach when files added to the ticket go into the thread too. Look is how often open tickets are read
// for what no webhook told of, 0 for the usual distance.
type Ways struct {
	Bypass string
	Attach bool
	Look   time.Duration
}

// Wayward is a tracker with ways of its own; others flag and keep files.
type Wayward interface{ Ways() Ways }
