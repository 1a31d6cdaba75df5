package logcollect

import (
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// distantTypes are the filesystems that other machines, or a machine around this
// one, may write to without inotify hearing of it.
var distantTypes = []uint32{
	unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.FUSE_SUPER_MAGIC, unix.V9FS_MAGIC,
	unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC, unix.CEPH_SUPER_MAGIC, unix.CODA_SUPER_MAGIC, unix.NCP_SUPER_MAGIC, unix.OCFS2_SUPER_MAGIC,
	0x01161970,             // GFS2
	0x0bd00bd0,             // Lustre
	0x47504653,             // GPFS
	0x6a656a62, 0x786f4256, // shared folders of virtual machines
}

func distant(dir *os.File) bool {
	var st unix.Statfs_t
	err := control(dir, func(fd int) error { return unix.Fstatfs(fd, &st) })
	return err != nil || slices.Contains(distantTypes, uint32(st.Type))
}
