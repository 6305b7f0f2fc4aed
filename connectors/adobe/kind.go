package adobe

import (
	"errors"
	"strings"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/connectors/adobe/events"
	"signoff/connectors/adobe/frameio"
	"signoff/connectors/adobe/workfront"
	"signoff/internal/flow"
)

const example = `frameio:
  account: 6f70f1bd-7e89-4a7e-b4d3-7e576585a181          # the id of the account
  workspaces: [378fcbf7-6f88-4224-8139-6a743ed940b2]     # where signoff registers its webhook
  client_id: ${ADOBE_CLIENT_ID}                          # a server-to-server credential of the Adobe Developer Console
  client_secret: ${ADOBE_CLIENT_SECRET}
  # token: ${FRAMEIO_TOKEN}            # instead of client_id and client_secret
  signing_secrets:                     # of webhooks and custom actions made by hand, by the end of their address
    signoff: ${FRAMEIO_ACTION_SECRET}  # https://signoff.lumen.example/hooks/adobe/frameio/signoff
  # mode: v4                           # v4 | legacy (the older interface; developer token, webhooks by hand)
  # webhook: auto                      # auto (signoff registers webhooks and keeps them right) | manual
  # projects: [7e46e495-4444-4555-8649-bee4d391a997]   # read every quarter of an hour for mentions no webhook told of
  mention: "@signoff"                  # a comment with this word (or #signoff) asks for sign-off
  # status: {field: Status, in_review: Needs Review, in_progress: In Progress, approved: Approved, declined: Rejected}
  # api_url: https://api.frame.io
  # ims_url: https://ims-na1.adobelogin.com
# events:                              # Adobe I/O Events: assets in Experience Manager and Creative Cloud
#   client_id: ${ADOBE_CLIENT_ID}      # only events for it are believed
#   client_secret: ${ADOBE_CLIENT_SECRET}   # for the journal and the state of the registration
#   journal_url: https://api.adobe.io/events/organizations/1/integrations/2/3   # what webhooks missed is read here
# workfront:
#   url: https://lumen.my.workfront.com
#   auth_token: ${WORKFRONT_AUTH_TOKEN}     # that Workfront shows with each event: openssl rand -base64 32
#   session: ${WORKFRONT_SESSION}      # or token, or client_id and client_secret
`

// Kind returns what cmd lists.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "adobe", Example: example, New: New}
}

// Settings are what the configuration says of Adobe. Each part may be left out.
type Settings struct {
	Frameio   *frameio.Settings   `yaml:"frameio" doc:"Frame.io: comments, versions and statuses of files."`
	Events    *events.Settings    `yaml:"events" doc:"Adobe I/O Events: assets in Experience Manager and Creative Cloud."`
	Workfront *workfront.Settings `yaml:"workfront" doc:"Workfront: documents and proofs."`
}

func (s *Settings) complete() error {
	var all []error
	if s.Frameio != nil {
		all = append(all, s.Frameio.Complete("frameio.")...)
	}
	if s.Events != nil {
		all = append(all, s.Events.Complete("events.")...)
	}
	if s.Workfront != nil {
		all = append(all, s.Workfront.Complete("workfront.")...)
	}
	if s.Frameio == nil && s.Events == nil && s.Workfront == nil {
		all = append(all, api.Problem("frameio", "at least one of frameio, events and workfront is needed"))
	}
	return errors.Join(all...)
}

// Connector is one connection to Adobe. It is safe for concurrent use.
type Connector struct {
	deps      connectors.Deps
	frameio   *frameio.Part // nil: left out, as the others
	events    *events.Part
	workfront *workfront.Part
}

var (
	_ connectors.Receiver  = (*Connector)(nil)
	_ connectors.Responder = (*Connector)(nil)
	_ connectors.Enricher  = (*Connector)(nil)
	_ connectors.Recaller  = (*Connector)(nil)
	_ connectors.Asker     = (*Connector)(nil)
	_ connectors.Source    = (*Connector)(nil)
	_ connectors.Doer      = (*Connector)(nil)
	_ connectors.Pacer     = (*Connector)(nil)
	_ connectors.Opener    = (*Connector)(nil)
	_ connectors.Registrar = (*Connector)(nil)
	_ connectors.Poller    = (*Connector)(nil)
	_ connectors.Prober    = (*Connector)(nil)
	_ connectors.Pinner    = (*Connector)(nil)
)

// New reads the settings of one connection and returns its connector, which has not spoken to Adobe yet.
func New(decode func(into any) error, d connectors.Deps) (connectors.Connector, error) {
	var s Settings
	if err := decode(&s); err != nil {
		return nil, err
	}
	if err := s.complete(); err != nil {
		return nil, err
	}
	if d.Files == nil {
		d.Files = d.HTTP
	}
	c := &Connector{deps: d}
	var err error
	if s.Frameio != nil {
		c.frameio, err = frameio.New(*s.Frameio, d)
	}
	if err == nil && s.Events != nil {
		c.events, err = events.New(*s.Events, d)
	}
	if err == nil && s.Workfront != nil {
		c.workfront, err = workfront.New(*s.Workfront, d)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Pin returns the account with the id that a person's entry in the directory names.
func (c *Connector) Pin(id string) flow.Ref {
	return flow.Ref{System: c.deps.Instance, Type: "user", Key: strings.TrimSpace(id)}
}

// Ask implements connectors.Asker.
func (c *Connector) Ask(q connectors.Query) {
	if c.frameio != nil {
		c.frameio.Ask(q)
	}
	if c.events != nil {
		c.events.Ask(q)
	}
	if c.workfront != nil {
		c.workfront.Ask(q)
	}
}
