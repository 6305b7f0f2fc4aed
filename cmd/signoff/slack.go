package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"signoff/connectors/slack"
	"signoff/internal/source"
)

func (a *app) slackCommand() *cobra.Command {
	c := &cobra.Command{Use: "slack", Short: "Set up Slack", Long: "Set up the Slack app that signoff acts as.", Args: noArgs,
		Example: "  signoff slack manifest > manifest.yaml\n  signoff slack manifest --explain",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(a.slackManifest())
	return c
}

func (a *app) slackManifest() *cobra.Command {
	var explain bool
	var instance string
	c := &cobra.Command{
		Use:   "manifest",
		Short: "Print the manifest of the Slack app",
		Long: `Print the manifest from which Slack makes the app: the scopes, events and addresses that this configuration uses and
no more. Paste it at api.slack.com/apps, Create New App, From a manifest. --explain says why each scope is needed.`,
		Example: "  signoff slack manifest > manifest.yaml\n  signoff slack manifest --explain",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.readConfig(source.Warning)
			if err != nil {
				return err
			}
			for _, i := range cfg.Instances {
				if i.Kind == "slack" && (instance == "" || i.Name == instance) {
					return a.manifest(i.Name, cfg.Server.PublicURL, i.Decode, explain)
				}
			}
			return problems("%s has no Slack connection %s", a.config, instance)
		},
	}
	c.Flags().BoolVar(&explain, "explain", false, "say why each scope is needed")
	c.Flags().StringVar(&instance, "instance", "", "the `connection`, where there are several")
	return c
}

func (a *app) manifest(instance, public string, decode func(any) source.Problems, explain bool) error {
	if public == "" {
		return problems("set server.public_url in %s first: Slack must know where to send events", a.config)
	}
	var s slack.Settings
	if found := decode(&s); found.Errors() > 0 {
		return problems("%s", found[0])
	}
	if explain {
		_, err := fmt.Fprint(a.out, slack.Explain(s))
		return err
	}
	text, err := slack.Manifest(s, public, instance)
	if err != nil {
		return problems("%w", err)
	}
	_, err = fmt.Fprint(a.out, text)
	return err
}
