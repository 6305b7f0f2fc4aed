package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"signoff": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			// Only what a command line needs; nothing of the machine's own settings.
			e.Setenv("TMPDIR", e.WorkDir)
			e.Setenv("ROOT", repositoryRoot())
			if err := os.WriteFile(filepath.Join(e.WorkDir, "brief.pdf"), paper("Nova spring launch", "Logo, claim, three sizes"), 0o600); err != nil {
				return err
			}
			s := newStage(e)
			e.Values[stageKey{}] = s
			e.Defer(s.close)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"world": cmdWorld, "serve": cmdServe, "stop": cmdStop, "signal": cmdSignal, "demo": cmdDemo, "clock": cmdClock,
			"slack": cmdSlack, "jira": cmdJira, "github": cmdGitHub, "mail": cmdMail, "figma": cmdFigma, "frameio": cmdFrameio, "adobe": cmdAdobe, "confluence": cmdConfluence, "fault": cmdFault, "http": cmdHTTP, "await-log": cmdAwaitLog,
			"install": cmdInstall, "sealed": cmdSealed,
		},
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

func repositoryRoot() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return dir + "/../.."
}

// patience is how long a script waits for something that should come at once.
const patience = time.Minute

func patient() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}
