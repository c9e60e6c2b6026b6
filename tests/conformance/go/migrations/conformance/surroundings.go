package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"host.example/host"
)

func failure() error { return errors.New("the kitchen is closed") }

func openKitchenAtNight() error {
	openKitchen(nil)
	return nil
}

func openKitchen(keys map[string][]string) string { return keys["kitchen"][0] }

func offline() error { return note("offline", "it's") }

func offlineQuery() error {
	_, err := host.Query("SELECT 1")
	return err
}

func random() error {
	return note("random", fmt.Sprint(rand.IntN(1000), rand.IntN(1000), rand.IntN(1000)))
}

func clock() error {
	if now := time.Now(); now.Unix() != host.Run().Now.Unix() {
		return note("clock", now.UTC().String())
	}
	return note("clock", "same")
}

func runInfo() error {
	run := host.Run()
	args := make([]string, len(run.Args))
	for i, arg := range run.Args {
		args[i] = arg.Key + "=" + arg.Value
	}
	return errors.Join(
		note("revision", run.Revision), note("dry_run", strconv.FormatBool(run.DryRun)),
		note("server", strconv.Itoa(run.ServerVersion/10000)), note("path", strings.Join(run.SearchPath, ",")),
		note("args", strings.Join(args, ",")), note("seed", strconv.FormatUint(run.Seed, 10)),
		note("now_is_recent", strconv.FormatBool(run.Now.After(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))),
	)
}

func logLines() error {
	slog.Debug("one")
	slog.Info("two")
	slog.Warn("three")
	slog.Error("four")
	fmt.Println("printed")
	host.Progress("tables", 3, 10)
	return nil
}

func endless() error {
	for {
	}
}

func memory() error {
	var taken [][]byte
	for {
		taken = append(taken, make([]byte, 1<<20))
	}
}

func recursion() error { return descend(1) }

func descend(depth int) error {
	if err := descend(depth + 1); err != nil {
		return fmt.Errorf("%d: %w", depth, err)
	}
	return nil
}

func file() error {
	_, err := os.ReadFile("/etc/passwd")
	return err
}

func network() error {
	_, err := net.Dial("tcp", "127.0.0.1:5432")
	return err
}

func process() error { return exec.Command("/bin/true").Run() }

func irreversible() error { return note("up", "1") }
