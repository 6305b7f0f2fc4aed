package flow

// RequestType is one template as a form shows it.
type RequestType struct {
	Name   string  `json:"name"`
	Label  string  `json:"label"`
	Fields []Field `json:"fields,omitempty"`
}

// Field is one typed field of a template.
type Field struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Type     string   `json:"type"` // text, long_text, choice, choices, date, money, number, list, url, person
	Choices  []string `json:"choices,omitempty"`
	Required bool     `json:"required,omitempty"`
	Help     string   `json:"help,omitempty"`
}

// Form is a request that is being written.
type Form struct {
	Type    string
	Title   string
	Text    string // the words it is read from, or the description
	Channel string // "#launch"
	Who     Actor
	Fields  map[string][]string
}

// Prefill is what was read from a form.
type Prefill struct {
	Type   string
	Title  string
	Fields map[string][]string // dates as 2006-01-02 or RFC 3339
	From   map[string]string   // field -> the words its value came from; "type" for the type
}
