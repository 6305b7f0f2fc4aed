package jira

import "slices"

// User is an account of the site.
type User struct {
	AccountID     string
	Name          string // display name
	Email         string
	TimeZone      string // IANA name; absolute times in JQL are read in it
	HideEmail     bool   // privacy setting: the address is never shown, yet a search by the full address finds the user
	App           bool   // accountType "app" instead of "atlassian"
	Customer      bool   // accountType "customer", of a service project
	Inactive      bool
	NotAssignable bool // lacks the permission "Assignable user"

	Username string // "name" where people are not identified by account ids; "" = the e-mail before its @
	UserKey  string // "key" there; "" = made up

	Roles  []string // project roles; nil = all of them
	Groups []string // groups; nil = all of them
}

// in tells whether the account is a member of what a comment is restricted to.
func (u *User) in(v *Visibility) bool {
	if v == nil {
		return true
	}
	member := u.Roles
	if v.Type == "group" {
		member = u.Groups
	}
	return member == nil || slices.Contains(member, v.Value)
}

// roles are the project roles of the site.
func roles() []string { return []string{"Administrators", "Developers", "Viewers"} }

// Status is a state of the workflow. Category is "new", "indeterminate" or "done".
type Status struct {
	ID, Name, Category string
}

// ScreenField is a field on the screen of a transition.
type ScreenField struct {
	ID       string
	Required bool
}

// Transition is an edge of the workflow between statuses, named by their names.
// Without From it is global: open from every status but its own target.
type Transition struct {
	ID, Name string
	From     []string
	To       string
	Screen   []ScreenField
	Only     []string // who may pass, by account id or e-mail; nil = everybody
	Resolves string   // name of the resolution that the transition sets by itself
}

func (t Transition) leaves(status string) bool {
	if len(t.From) == 0 {
		return status != t.To
	}
	return slices.Contains(t.From, status)
}

// open tells whether an account meets the condition of the transition.
func (t Transition) open(u *User) bool {
	return t.Only == nil || u != nil && (slices.Contains(t.Only, u.AccountID) || slices.Contains(t.Only, u.Email))
}

func (t Transition) shows(field string) bool {
	return slices.ContainsFunc(t.Screen, func(f ScreenField) bool { return f.ID == field })
}

// Choice is an entry of a closed list: a select option, a priority or a resolution.
type Choice struct {
	ID, Name string
}

// Field is a field on the screens of an issue type.
type Field struct {
	ID       string
	Name     string
	Type     string   // schema type: string, number, date, user, option, array, priority, timetracking, issuelink, ...
	Items    string   // schema type of the elements of an array
	Custom   string   // kind of a custom field: select, url, textfield, float; "" for a system field
	Choices  []Choice // of a select field
	Required bool
}

// IssueType is a type of issues within a project, with the fields of its create and edit screen.
type IssueType struct {
	ID, Name string
	Subtask  bool
	Epic     bool // a level above the others: their parent on Cloud
	Fields   []Field
}

// level is the place in the hierarchy: 1 above 0 above -1.
func (t *IssueType) level() int {
	switch {
	case t.Subtask:
		return -1
	case t.Epic:
		return 1
	}
	return 0
}

func (t *IssueType) field(id string) (Field, bool) {
	i := slices.IndexFunc(t.Fields, func(f Field) bool { return f.ID == id })
	if i < 0 {
		return Field{}, false
	}
	return t.Fields[i], true
}

// Project is a project of the site.
type Project struct {
	ID, Key, Name string
	Types         []IssueType
}

func (p *Project) typ(match func(*IssueType) bool) *IssueType {
	for i := range p.Types {
		if match(&p.Types[i]) {
			return &p.Types[i]
		}
	}
	return nil
}

// priorities and resolutions are those of a fresh Cloud site.
func priorities() []Choice {
	return []Choice{{"1", "Highest"}, {"2", "High"}, {"3", "Medium"}, {"4", "Low"}, {"5", "Lowest"}}
}

func resolutions() []Choice {
	return []Choice{{"10000", "Done"}, {"10001", "Won't Do"}, {"10002", "Duplicate"}, {"10003", "Cannot Reproduce"}}
}

const mediumPriority = "3"

// DefaultStatuses returns the statuses of the sandbox's workflow.
func DefaultStatuses() []Status {
	return []Status{
		{"10000", "To Do", "new"},
		{"3", "In Progress", "indeterminate"},
		{"10002", "In Review", "indeterminate"},
		{"10003", "Done", "done"},
		{"10004", "Won't Do", "done"},
	}
}

// DefaultTransitions returns the edges of the sandbox's workflow. From To Do to Done takes three hops, and
// only Won't Do asks for a resolution.
func DefaultTransitions() []Transition {
	open := []string{"To Do", "In Progress", "In Review"}
	return []Transition{
		{ID: "11", Name: "Start work", From: []string{"To Do"}, To: "In Progress"},
		{ID: "12", Name: "Stop work", From: []string{"In Progress"}, To: "To Do"},
		{ID: "21", Name: "Ask for review", From: []string{"In Progress"}, To: "In Review"},
		{ID: "31", Name: "Send back", From: []string{"In Review"}, To: "In Progress"},
		{ID: "41", Name: "Accept", From: []string{"In Review"}, To: "Done", Resolves: "Done"},
		{ID: "51", Name: "Decline", From: open, To: "Won't Do", Screen: []ScreenField{{ID: "resolution", Required: true}}},
		{ID: "61", Name: "Reopen", From: []string{"Done", "Won't Do"}, To: "To Do"},
		{ID: "62", Name: "Back to review", From: []string{"Done"}, To: "In Review"},
	}
}

// DefaultUsers returns the people of the Lumen studio and the account of the product.
func DefaultUsers() []User {
	person := func(id, name, mail, zone string) User {
		return User{AccountID: id, Name: name, Email: mail + "@lumen.example", TimeZone: zone}
	}
	bot := person("5f1000000000000000000b07", "signoff-bot", "signoff-bot", "Etc/UTC")
	return []User{
		person("5f1000000000000000000001", "Ana Reyes", "ana", "Europe/London"),
		person("5f1000000000000000000002", "Ben Osei", "ben", "Europe/London"),
		person("5f1000000000000000000003", "Chloé Roy", "chloe", "America/New_York"),
		person("5f1000000000000000000004", "Dana Wolf", "dana", "Europe/London"),
		person("5f1000000000000000000005", "Eli Marsh", "eli", "Europe/London"),
		person("5f1000000000000000000006", "Jon Park", "jon", "America/New_York"),
		bot,
	}
}

// DefaultProjects returns the projects DES and MKT, each with the types Task, Sub-task and Epic.
func DefaultProjects() []Project {
	types := func() []IssueType {
		parent := Field{ID: "parent", Name: "Parent", Type: "issuelink"}
		must := parent
		must.Required = true
		return []IssueType{
			{ID: "10001", Name: "Task", Fields: append(DefaultFields(), parent)},
			{ID: "10003", Name: "Sub-task", Subtask: true, Fields: append(DefaultFields(), must)},
			{ID: "10000", Name: "Epic", Epic: true, Fields: DefaultFields()},
		}
	}
	return []Project{{ID: "10000", Key: "DES", Name: "Design", Types: types()}, {ID: "10001", Key: "MKT", Name: "Marketing", Types: types()}}
}

// DefaultFields returns the fields on the screen of a Task.
func DefaultFields() []Field {
	return []Field{
		{ID: "summary", Name: "Summary", Type: "string", Required: true},
		{ID: "issuetype", Name: "Issue Type", Type: "issuetype", Required: true},
		{ID: "project", Name: "Project", Type: "project", Required: true},
		{ID: "description", Name: "Description", Type: "string"},
		{ID: "labels", Name: "Labels", Type: "array", Items: "string"},
		{ID: "duedate", Name: "Due date", Type: "date"},
		{ID: "priority", Name: "Priority", Type: "priority"},
		{ID: "assignee", Name: "Assignee", Type: "user"},
		{ID: "customfield_10050", Name: "Brand", Type: "option", Custom: "select",
			Choices: []Choice{{"10100", "Lumen"}, {"10101", "Nova"}}},
		{ID: "customfield_10051", Name: "Region", Type: "option", Custom: "select",
			Choices: []Choice{{"10110", "EMEA"}, {"10111", "AMER"}, {"10112", "APAC"}}},
		{ID: "timeoriginalestimate", Name: "Original estimate", Type: "number"},
		{ID: "timetracking", Name: "Time tracking", Type: "timetracking"},
		{ID: "customfield_10052", Name: "Asset link", Type: "string", Custom: "url"},
	}
}
