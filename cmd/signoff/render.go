package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signoff/connectors/email"
	"signoff/connectors/slack"
	"signoff/internal/source"
	"signoff/internal/text"
	"signoff/rules"
)

const renderLong = `Show what people get to see of a message of texts:, or the titles that a template gives to requests and subtasks. What
the message speaks of is made up, except for what --set says. Nothing is sent.

--for slack shows the words with Slack's marks, email the plain part of a mail, web the HTML of mails and pages.`

type renderOptions struct {
	target, language, stage, person string
	set                             []string
}

func (a *app) renderCommand() *cobra.Command {
	var o renderOptions
	c := &cobra.Command{
		Use:     "render TEXT|TEMPLATE",
		Short:   "Preview a message or a title",
		Long:    renderLong,
		Example: "  signoff render late\n  signoff render campaign-banner --set brand=Nova --set sizes=300x250,728x90",
		Args:    needs("the name of a text or a template", 1, 1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.render(args[0], o) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			f, err := a.read(source.Warning)
			if err != nil || f.set == nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return renderable(f.set), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := c.Flags()
	f.StringVar(&o.target, "for", "slack", "`where` it is read: slack, email or web")
	f.StringVar(&o.language, "language", "", "the `language` of the reader (default: the workspace's)")
	f.StringVar(&o.stage, "stage", "", "the `stage` it speaks of")
	f.StringVar(&o.person, "person", "", "who `reads` it: a name of the people table")
	f.StringArrayVar(&o.set, "set", nil, "a field of the request as `name=value`; lists part values by commas")
	_ = c.RegisterFlagCompletionFunc("for", cobra.FixedCompletions([]string{"slack", "email", "web"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func renderable(s *rules.Set) []string {
	names := s.Texts()
	for _, t := range s.Types() {
		names = append(names, t.Name)
	}
	return names
}

func (a *app) render(name string, o renderOptions) error {
	print, ok := map[string]func(text.Doc) string{"slack": slack.Mrkdwn, "email": text.Doc.String, "web": email.HTML}[o.target]
	if !ok {
		return usage("--for is slack, email or web, not %q", o.target)
	}
	f, err := a.read(source.Warning)
	if err != nil {
		return err
	}
	if f.set == nil {
		return f.report(a, false)
	}
	sample, err := sampleOf(f.set, o)
	if err != nil {
		return err
	}
	switch {
	case slices.Contains(f.set.Texts(), name):
		doc, err := f.set.RenderText(name, sample)
		if err != nil {
			return problems("%s cannot be printed: %w", name, err)
		}
		return a.show(name, print(doc))
	case slices.Contains(renderable(f.set), name):
		title, subtasks, err := f.set.RenderTitle(name, sample)
		if err != nil {
			return problems("the title of %s cannot be printed: %w", name, err)
		}
		lines := []string{title}
		for _, s := range subtasks {
			lines = append(lines, "- "+s)
		}
		return a.show(name, strings.Join(lines, "\n"))
	}
	near, known := source.Nearest(name, renderable(f.set))
	if known {
		return usage("there is no text or template %q; did you mean %s?", name, near)
	}
	return usage("there is no text or template %q; there are: %s", name, strings.Join(renderable(f.set), ", "))
}

// sampleOf is what the flags say of the request.
func sampleOf(set *rules.Set, o renderOptions) (rules.Sample, error) {
	s := rules.Sample{Fields: map[string][]string{}, Stage: o.stage, Person: o.person, Language: o.language}
	for _, word := range o.set {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return s, usage("--set takes name=value, not %q", word)
		}
		if !slices.Contains(set.Fields(), name) {
			if near, ok := source.Nearest(name, set.Fields()); ok {
				return s, usage("no template asks for %q; did you mean %s?", name, near)
			}
			return s, usage("no template asks for %q; there are: %s", name, strings.Join(set.Fields(), ", "))
		}
		for v := range strings.SplitSeq(value, ",") {
			s.Fields[name] = append(s.Fields[name], strings.TrimSpace(v))
		}
	}
	return s, nil
}

func (a *app) show(name, words string) error {
	if a.output != "table" {
		return a.print(listing{head: []string{"name", "text"}, rows: [][]string{{name, words}}, whole: map[string]any{"schema_version": 1, "name": name, "text": words}})
	}
	_, err := fmt.Fprintln(a.out, visible(words))
	return err
}
