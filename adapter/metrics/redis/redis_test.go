package redis

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func TestBadReplies(t *testing.T) {
	for name, test := range map[string]struct{ reply, err string }{
		"nothing":           {"EOF", "the reply is cut off: unexpected EOF"},
		"half a length":     {"$12EOF", "the reply is cut off: unexpected EOF"},
		"half a text":       {"$1200\r\nredis_version:7EOF", "the reply is cut off: unexpected EOF"},
		"a text too short":  {"$5\r\nhz:10EOF", "the reply is cut off"},
		"a lying length":    {"$5\r\nhz:1000\r\n", "does not end where it says"},
		"a large text":      {"$4194305\r\n", "the reply has 4194305 bytes, more than 4194304"},
		"a huge length":     {"$99999999999999999999\r\n", "the reply is none of Redis"},
		"a negative length": {"$-1\r\n", "the reply is none of Redis"},
		"an endless line":   {strings.Repeat("a", 1<<20), "the reply is none of Redis"},
		"HTTP":              {"HTTP/1.1 400 Bad Request\r\n\r\n", `the reply is none of Redis: it begins with 'H'`},
		"binary":            {"\x00\xff\x16\x03\n", "the reply is none of Redis"},
		"binary text":       {bulk("\x00\xff:1\r\n\x01\x02"), "there is no field in what INFO says"},
		"an integer":        {":5\r\n", `begins with ':'`},
		"NOAUTH":            {"-NOAUTH Authentication required.\r\n", `INFO: the server says "NOAUTH Authentication required."`},
		"LOADING":           {"-LOADING Redis is loading the dataset in memory\r\n", `the server says "LOADING Redis`},
		"ERR":               {"-ERR unknown command 'INFO'\r\n", `the server says "ERR unknown command 'INFO'"`},
		"a long error":      {"-ERR " + strings.Repeat("x", 9000) + "\r\n", strings.Repeat("x", maxSaid-4) + `"`},
		"empty":             {bulk(""), "INFO is empty"},
		"no field":          {bulk("# Server\r\nhello\r\n"), "there is no field in what INFO says"},
		"many fields":       {bulk(manyFields()), "INFO has more than 20000 values"},
		"many keys":         {bulk("threads:" + strings.ReplaceAll(manyFields(), ":1\r\n", "=1,")), "INFO has more than 20000 values"},
	} {
		t.Run(name, func(t *testing.T) {
			podtest.NoLeaks(t)
			synctest.Test(t, func(t *testing.T) {
				ctx := (&fake{answer: func(string) string { return test.reply }}).serve(t)
				s := &Source{Address: "redis:6379"}
				for range 2 {
					err := s.Collect(ctx, new(metrics.Batch))
					require.ErrorContains(t, err, "redis at redis:6379: ")
					require.ErrorContains(t, err, test.err)
					require.Nil(t, s.conn)
					require.LessOrEqual(t, s.reader.size, maxValues+1)
				}
			})
		})
	}
}

func manyFields() string {
	var b strings.Builder
	for i := range 20_001 {
		for n := i + 1; n > 0; n /= 26 {
			b.WriteByte(byte('a' + n%26))
		}
		b.WriteString("x:1\r\n")
	}
	return b.String()
}

func TestHangingServer(t *testing.T) {
	for _, reply := range []string{"", "$100\r\nhz:10\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout((&fake{answer: func(string) string { return reply }}).serve(t), time.Second)
			defer cancel()
			s := &Source{Address: "redis:6379"}
			began := time.Now()
			err := s.Collect(ctx, new(metrics.Batch))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, time.Second, time.Since(began))
			require.Nil(t, s.conn)
		})
	}
}

func TestOldServersAreAskedAgain(t *testing.T) {
	for name, unknown := range map[string]string{"6": bulk(""), "of another make": "-ERR syntax error\r\n", "2.4": "-ERR wrong number of arguments for 'info' command\r\n"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: func(command string) string {
					if command == "INFO everything" || command == "INFO all" && name == "2.4" {
						return unknown
					}
					return bulk("connected_clients:1\r\n")
				}}
				ctx := f.serve(t)
				s := &Source{Address: "redis:6379"}
				for range 3 {
					require.NoError(t, s.Collect(ctx, new(metrics.Batch)))
				}
				s.drop()
				last := f.asked[len(f.asked)-1]
				require.Equal(t, []string{last, last}, f.asked[len(f.asked)-2:], "what it knows is remembered")
				require.Len(t, f.conns, 1)
			})
		})
	}
}

func TestTheConnectionIsMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(string) string { return bulk("hz:10\r\n") }}
		ctx := f.serve(t)
		s := &Source{Address: "redis:6379"}
		collect := func() { require.NoError(t, s.Collect(ctx, new(metrics.Batch))) }
		collect()
		collect()
		require.Len(t, f.conns, 1)
		f.conns[0].Close()
		synctest.Wait()
		collect()
		require.Len(t, f.conns, 2)
		f.conns[1].Write([]byte("+unasked\r\n"))
		synctest.Wait()
		require.Error(t, s.Collect(ctx, new(metrics.Batch)))
		collect()
		require.Len(t, f.conns, 3)
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, s.Collect(cancelled, new(metrics.Batch)), context.Canceled)
		collect()
		nowhere := (&sandbox.Sandbox{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no way") }}).Context(t.Context())
		require.EqualError(t, s.Collect(nowhere, new(metrics.Batch)), "redis at redis:6379: no way")
		s.mu.Lock()
		require.ErrorIs(t, s.Collect(ctx, new(metrics.Batch)), errBusy)
		s.mu.Unlock()
	})
}

func TestAuth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := "AUTH secret"
		f := &fake{}
		f.answer = func(command string) string {
			switch {
			case command == want:
				return "+OK\r\n"
			case strings.HasPrefix(command, "AUTH"):
				return "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
			}
			return bulk("hz:10\r\n")
		}
		ctx := f.serve(t)
		dir := t.TempDir()
		root, err := os.OpenRoot(dir)
		require.NoError(t, err)
		defer root.Close()
		box := *sandbox.From(ctx)
		box.Root = root
		ctx = box.Context(ctx)

		s := &Source{Address: "redis:6379", Password: "secret"}
		require.NoError(t, s.Collect(ctx, new(metrics.Batch)))
		s.drop()
		want = "AUTH me other"
		s = &Source{Address: "redis:6379", Username: "me", PasswordFile: "pw"}
		require.ErrorContains(t, s.Collect(ctx, new(metrics.Batch)), "PasswordFile: ")
		for text, err := range map[string]string{"\n": "PasswordFile: the first line of pw is empty", "wrong": `AUTH: the server says "WRONGPASS`, "other\r\nx": ""} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "pw"), []byte(text), 0o600))
			got := s.Collect(ctx, new(metrics.Batch))
			if err == "" {
				require.NoError(t, got)
			} else {
				require.ErrorContains(t, got, err)
				require.NotContains(t, got.Error(), "wrong")
			}
			s.drop()
		}
	})
}

func TestValidate(t *testing.T) {
	for _, good := range []*Source{{Address: "127.0.0.1:6379"}, {Address: "unix:run/redis.sock"}, {Address: "r:1", TLS: &TLS{}}, {Address: "unix:s", TLS: &TLS{ServerName: "r"}}} {
		require.NoError(t, good.Validate())
	}
	for want, bad := range map[string]*Source{
		`Address: "" is not host:port`:        {},
		`Address: ":6379" has no host`:        {Address: ":6379"},
		"Password and PasswordFile: only":     {Address: "r:1", Password: "a", PasswordFile: "b"},
		`Username: "u" has no Password`:       {Address: "r:1", Username: "u"},
		`TLS.KeyFile: empty`:                  {Address: "r:1", TLS: &TLS{CertFile: "c"}},
		`TLS.ServerName: empty, and the addr`: {Address: "unix:s", TLS: &TLS{}},
	} {
		require.ErrorContains(t, bad.Validate(), want)
		require.ErrorContains(t, bad.Collect(t.Context(), new(metrics.Batch)), want)
	}
	require.Equal(t, "redis", (&Source{}).String())
}
