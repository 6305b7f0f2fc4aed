package config

import (
	"signoff/internal/source"
)

// Kind is what a schema knows of a kind of connection: the form of its settings, and where it may stand.
type Kind struct {
	Name, Doc           string
	Settings            source.Shape
	Tracker, Connection bool
}

// Schema is the JSON Schema of configurations. It is made from the shapes that Load reads by, and from those of the kinds.
func Schema(kinds []Kind) ([]byte, error) {
	s := rootShape()
	for i := range s.Keys {
		switch s.Keys[i].Name {
		case "connectors":
			s.Keys[i].Form = connections(kinds, func(k Kind) bool { return k.Connection }).OrEmpty()
		case "tracker":
			s.Keys[i].Form = connections(kinds, func(k Kind) bool { return k.Tracker }, useKey())
		}
	}
	return source.Schema(s, source.SchemaOptions{Title: "signoff configuration", Variables: true})
}

// connections is the form of connectors: or tracker:. A connection of a name of its own says its kind, so its settings can
// be those of any.
func connections(kinds []Kind, stands func(Kind) bool, first ...source.Key) source.Form {
	s := source.Shape{Of: "connections", Keys: first}
	if len(first) > 0 {
		s.Of = "the tracker"
	}
	for _, k := range kinds {
		if !stands(k) {
			continue
		}
		settings := k.Settings
		settings.Keys = append([]source.Key{enabledKey(), kindKey()}, settings.Keys...)
		s.Keys = append(s.Keys, source.Key{Name: k.Name, Doc: k.Doc, Form: source.Keyed(func() source.Shape { return settings }).OrEmpty()})
	}
	return source.Keyed(func() source.Shape { return s }).OrNamed(source.Named(source.Form{}, instancePattern))
}

func useKey() source.Key {
	return source.Key{Name: "use", Form: source.AnyText(), Doc: "Which of the connections below keeps the tickets; embedded keeps them in signoff itself.", Examples: []string{"jira", "github", "embedded"}}
}

func enabledKey() source.Key {
	return source.Key{Name: "enabled", Form: source.Truth(), Doc: "false switches the connection off; its settings stay."}
}

func kindKey() source.Key {
	return source.Key{Name: "kind", Form: source.AnyText(), Doc: "What it connects with, where the key above is a name of its own: slack-emea: {kind: slack, …}."}
}

const instancePattern = `^[a-z0-9-]+$`

// ignored is a key that belongs to a part of signoff which this version does not have yet.
func ignored(name string) source.Key {
	return source.Key{Name: name, Ignored: true, Doc: "Not part of this version; it is ignored."}
}

func keyed(shape func() source.Shape) source.Form { return source.Keyed(shape) }

func rootShape() source.Shape {
	return source.Shape{Of: "the configuration", Doc: "Wiring and secrets. How the studio works stands in the rule files.", Keys: []source.Key{
		{Name: "version", Form: source.Exactly(1), Required: true, Doc: "The form of the configuration. This program reads version: 1.", Examples: []string{"1"}},
		{Name: "workspace", Form: keyed(workspaceShape), Doc: "The studio as a whole."},
		{Name: "mode", Form: source.OneOf("live", "shadow"), Doc: "shadow decides and writes nothing outside."},
		{Name: "rules", Form: source.Texts(), Required: true, Doc: "The rule files, as names or patterns relative to this file. Tests (*_test.yaml) are left out.", Examples: []string{`["rules/*.yaml"]`}},
		{Name: "server", Form: keyed(serverShape), Doc: "Where signoff listens, and how it is reached."},
		{Name: "api", Form: keyed(apiShape), Doc: "Who may use the API."},
		{Name: "store", Form: keyed(storeShape), Doc: "Where everything is kept."},
		{Name: "connectors", Doc: "What signoff is connected with. The key is the connection's name and, unless kind: says otherwise, its kind."},
		{Name: "tracker", Doc: "Where tickets are kept."},
		{Name: "triage", Form: source.AnyText(), Doc: "Who looks after what the rules cannot place, mail from strangers, and rules that say too much: a channel, or a group. Default: group:ops.", Examples: []string{`"#creative-ops"`, "group:ops"}},
		{Name: "limits", Form: keyed(limitsShape), Doc: "When a rule writes to people so much that it is paused."},
		{Name: "autofill", Form: keyed(autofillShape), Doc: "Who reads what people write, to fill their forms."},
		{Name: "privacy", Form: keyed(privacyShape), Doc: "What is kept, and how long."},
		{Name: "log", Form: keyed(logShape), Doc: "How signoff logs."},
		ignored("sign_in"), ignored("telemetry"), ignored("insecure_dev"),
	}}
}

func workspaceShape() source.Shape {
	return source.Shape{Of: "the workspace", Keys: []source.Key{
		{Name: "name", Form: source.AnyText(), Doc: "What the studio is called.", Examples: []string{"Lumen Studio"}},
		{Name: "time_zone", Form: source.AnyText(), Doc: "An IANA name; used when a person has no zone of their own.", Examples: []string{"Europe/London"}},
		{Name: "language", Form: source.AnyText(), Doc: "The language of messages.", Examples: []string{"en"}},
		{Name: "week_starts", Form: source.OneOf("monday", "sunday", "saturday"), Doc: "The first day of a week."},
		{Name: "key_prefix", Form: source.Like(`^[A-Z]{1,10}$`), Doc: "Requests are called PREFIX-142.", Examples: []string{"CR"}},
		{Name: "calendar", Form: source.AnyText(), Doc: "The calendar of the rule files that is the studio's working time.", Examples: []string{"london"}},
		{Name: "date_order", Form: source.OneOf("day-first", "month-first"), Doc: `How "03/12" is read.`},
		{Name: "quiet_hours", Form: source.Like(`^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$`), Doc: "When nobody is reminded, each where they are; somebody's own quiet_hours go first.", Examples: []string{`"19:00-08:30"`}},
	}}
}

func serverShape() source.Shape {
	return source.Shape{Of: "the server", Keys: []source.Key{
		{Name: "listen", Form: source.AnyText(), Doc: "Address and port of webhooks, pages and API.", Examples: []string{`":8080"`}},
		{Name: "admin_listen", Form: source.AnyText(), Doc: "Address and port of /metrics, /healthz and /readyz.", Examples: []string{`"127.0.0.1:9090"`}},
		{Name: "public_url", Form: source.Like(`^https?://[^?]+$`), Doc: "The address as people open it; links in messages are built from it.", Examples: []string{"https://signoff.lumen.example"}},
		{Name: "trusted_proxies", Form: source.Texts(), Doc: "Whose X-Forwarded-For is believed: addresses or networks.", Examples: []string{"[10.0.0.0/8]"}},
	}}
}

func apiShape() source.Shape {
	return source.Shape{Of: "the API", Keys: []source.Key{
		{Name: "tokens", Form: source.Named(source.Either(source.AnyText(), keyed(tokenShape))), Doc: "Bearer tokens by name: ${NAME}, or {token: ${NAME}, as: ana} where it may vote as a person.", Examples: []string{"{scripts: \"${SIGNOFF_API_TOKEN}\"}"}},
	}}
}

func tokenShape() source.Shape {
	return source.Shape{Of: "a token", Keys: []source.Key{
		{Name: "token", Form: source.AnyText(), Required: true, Doc: "16 characters or more of chance: openssl rand -hex 32", Examples: []string{"${SIGNOFF_API_TOKEN}"}},
		{Name: "as", Form: source.AnyText(), Doc: "The person it stands for; without one it cannot vote.", Examples: []string{"ana"}},
	}}
}

func storeShape() source.Shape {
	return source.Shape{Of: "the store", Keys: []source.Key{
		{Name: "driver", Form: source.OneOf("bbolt"), Doc: "bbolt: one file, one process."},
		{Name: "path", Form: source.AnyText(), Doc: "The file.", Examples: []string{"/data/signoff.db"}},
		{Name: "key", Form: source.AnyText(), Doc: "32 random bytes that seal what travels outside; without it one is made beside the store.", Examples: []string{"${file:/data/signoff.key}"}},
		{Name: "max_size_mb", Form: source.Whole(-1 << 31), Doc: "New events are refused with 503 beyond it; reading goes on.", Examples: []string{"4096"}},
		ignored("url"), ignored("keep_closed"), ignored("backup"),
	}}
}

func logShape() source.Shape {
	return source.Shape{Of: "the log", Keys: []source.Key{
		{Name: "level", Form: source.OneOf("debug", "info", "warn", "error"), Doc: "From how grave on a line is written."},
		{Name: "format", Form: source.OneOf("auto", "json", "text"), Doc: "auto: text on a terminal, JSON elsewhere."},
	}}
}

func privacyShape() source.Shape {
	return source.Shape{Of: "privacy", Keys: []source.Key{
		ignored("mask_in_logs"),
		{Name: "raw_events", Form: source.Like(`^ *[0-9]+ *days`), Doc: "How long deliveries are kept as they came.", Examples: []string{"30 days"}},
	}}
}

func autofillShape() source.Shape {
	return source.Shape{Of: "autofill", Keys: []source.Key{
		{Name: "provider", Form: source.OneOf("rules", "openai-compatible"), Doc: "rules reads words alone; openai-compatible asks a model too."},
		{Name: "base_url", Form: source.AnyText(), Doc: "With openai-compatible: any server that speaks chat completions; it ends before /chat/completions.", Examples: []string{"https://llm.lumen.example/v1"}},
		{Name: "model", Form: source.AnyText(), Doc: "The name that server gives it.", Examples: []string{"qwen3:8b"}},
		{Name: "api_key", Form: source.AnyText(), Examples: []string{"${AUTOFILL_KEY}"}, Doc: "What the server wants to see."},
		{Name: "timeout", Form: source.AnyText(), Doc: "Then the rules' own reading stands.", Examples: []string{"3 seconds"}},
	}}
}
