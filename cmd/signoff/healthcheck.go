package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"signoff/internal/source"
)

func (a *app) healthcheckCommand() *cobra.Command {
	var address string
	c := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a running server whether it is alive",
		Long: `Ask the server of this configuration whether it is alive: exit 0 when /healthz answers, 3 when it does not. Made for
the HEALTHCHECK of a container, which has no shell and no curl.`,
		Example: "  signoff healthcheck\n  signoff healthcheck --address 127.0.0.1:9090",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if address == "" {
				cfg, err := a.readConfig(source.Warning)
				if err != nil {
					return err
				}
				address = cfg.Server.Admin
			}
			return a.healthcheck(c.Context(), address)
		},
	}
	c.Flags().StringVar(&address, "address", "", "`host:port` to ask (default: server.admin_listen)")
	return c
}

func (a *app) healthcheck(ctx context.Context, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return usage("%q is not host:port", address)
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := "http://" + net.JoinHostPort(host, port) + "/healthz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return usage("%w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return &exitError{exitUnreachable, fmt.Errorf("%s does not answer: %w", url, cause(err))}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return &exitError{exitUnreachable, fmt.Errorf("%s answers %s", url, resp.Status)}
	}
	if !a.quiet {
		fmt.Fprintln(a.out, "ok")
	}
	return nil
}
