package flow

// Home is one person's own page in chat: what waits for them, what they asked for, what is due, and their settings.
// It holds no words that depend on the clock, like every view.
type Home struct {
	Who      Actor         `json:"who"`
	Sections []HomeSection `json:"sections"`
	Settings []Setting     `json:"settings,omitempty"`
	// Notes are sentences about the person's accounts: "Your Jira account is not known. …".
	Notes []string `json:"notes,omitempty"`
}

// HomeSection is one list on a person's page, one page of it.
type HomeSection struct {
	Name  string `json:"name"`  // waiting, asked, due
	Title string `json:"title"` // Waiting for you
	Empty string `json:"empty"` // the sentence where there is nothing
	Items []View `json:"items,omitempty"`
	// Page counts from 1; Pages is at least 1.
	Page  int `json:"page"`
	Pages int `json:"pages"`
}

// Setting is something a person chooses for themselves.
type Setting struct {
	Name    string   `json:"name"`
	Label   string   `json:"label"`
	Help    string   `json:"help,omitempty"`
	Value   string   `json:"value"`
	Choices []Choice `json:"choices"`
}

// Choice is one value of a Setting.
type Choice struct {
	Value string `json:"value"`
	Label string `json:"label"`
}
