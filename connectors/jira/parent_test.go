package jira_test

import (
	"fmt"
	"strings"
	"testing"

	"signoff/connectors"
	site "signoff/internal/sandbox/jira"
)

// makeAs makes a ticket of a type by hand and returns its key.
func (o *outside) makeAs(t *testing.T, typ, summary string, epicName bool) string {
	t.Helper()
	more := ""
	if epicName {
		more = `,"customfield_10011":"` + summary + `"`
	}
	key, err := o.site.CreateAs("Jon Park", []byte(fmt.Sprintf(`{"fields":{"project":{"key":"DES"},"issuetype":{"name":%q},"summary":%q%s}}`, typ, summary, more)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestParent: a field that is mapped to Parent puts the ticket below an epic, or makes a sub-task of it.
func TestParent(t *testing.T) {
	t.Parallel()
	with := func(yaml, more string) string {
		return strings.Replace(yaml, "    fields:\n", "    fields:\n      campaign: Parent\n"+more, 1)
	}
	for name, tc := range map[string]struct {
		yaml, value, typ, parent string
		edition                  site.Edition
	}{
		"epic, on Cloud":                  {with(settings, ""), "%s", "Task", "DES-1", site.Cloud},
		"epic by its address":             {with(settings, ""), "https://lumen.atlassian.net/browse/%s", "Task", "DES-1", site.Cloud},
		"epic in small letters":           {with(settings, ""), "des-1", "Task", "DES-1", site.Cloud},
		"task, on Cloud":                  {with(settings, ""), "DES-2", "Sub-task", "DES-2", site.Cloud},
		"nothing":                         {with(settings, ""), "", "Task", "", site.Cloud},
		"epic, on Data Center":            {with(dataCenter, ""), "%s", "Task", "DES-1", site.DataCenter},
		"task, on Data Center":            {strings.Replace(with(dataCenter, ""), "issue_type: Task", "issue_type: Task\n    subtask_type: Sub-task", 1), "DES-2", "Sub-task", "DES-2", site.DataCenter},
		"task without a type of subtasks": {with(dataCenter, ""), "", "Task", "", site.DataCenter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, o := riggedAs(t, tc.yaml, func(o *site.Options) { o.Edition = tc.edition })
			epic := o.makeAs(t, "Epic", "Spring campaign", false)
			o.makeAs(t, "Task", "Homepage", false)
			e := o.ticket()
			value := strings.ReplaceAll(tc.value, "%s", epic)
			if value != "" {
				e.Show.View.Ticket.Fields["campaign"] = []string{value}
			}
			links := c.do(t, e)
			got, _ := o.site.Issue(links[0].Label)
			parent := got.Parent
			if link := got.Fields["Epic Link"]; link != "" {
				parent = link
			}
			if got.Type != tc.typ || parent != tc.parent {
				t.Errorf("parent %q makes a %s below %q, want a %s below %q; it has %+v", value, got.Type, parent, tc.typ, tc.parent, got.Fields)
			}
			c.do(t, known(e, links, 2, "in_progress"))
		})
	}
}

func TestParent_NotSeen(t *testing.T) {
	t.Parallel()
	c, o := riggedAs(t, strings.Replace(settings, "    fields:\n", "    fields:\n      campaign: Parent\n", 1), nil)
	e := o.ticket()
	e.Show.View.Ticket.Fields["campaign"] = []string{"DES-77"}
	_, err := c.Do(t.Context(), e)
	if ce, ok := err.(*connectors.Error); !ok || ce.Class != connectors.Rejected || !strings.Contains(ce.Person, "Jira does not show DES-77") { //nolint:errorlint // exactly this type
		t.Errorf("Do = %v, want it said that the parent is not there", err)
	}
}
