package sidecar_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// A sidecar that counts what the main container has left in its outbox, and
// takes it away. It does so once more after it was told to stop, because the
// main container has ended by then and has left its last.
func Example() {
	var outbox sidecar.Sidecar = sidecar.Func(func(ctx context.Context, root *os.Root) error {
		grace, cancel := sandbox.Grace(ctx)
		defer cancel()
		<-ctx.Done()
		left, err := fs.Glob(root.FS(), "outbox/*")
		for _, name := range left {
			if grace.Err() != nil {
				return grace.Err()
			}
			err = errors.Join(err, root.Remove(name))
		}
		fmt.Println("taken away:", len(left))
		return err
	})

	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	root, _ := os.OpenRoot(dir)
	defer root.Close()
	root.Mkdir("outbox", 0o755)
	root.WriteFile("outbox/letter", nil, 0o644)

	ctx, stop := context.WithCancel(context.Background())
	stop()
	fmt.Println(outbox.Run(ctx, root))
	// Output:
	// taken away: 1
	// <nil>
}
