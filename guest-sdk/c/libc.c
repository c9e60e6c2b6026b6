// What libc would import from WASI.
//
// The linker takes a definition before an import. Lines that are written to standard output and standard error go to the log;
// there are no files. What else a migration uses of libc, fopen or time for example, is imported, and the host answers it.

#ifdef __wasm__
#include "contract.h"

#include <string.h>

enum { ERRNO_BADF = 8, FILETYPE_CHARACTER_DEVICE = 2 };

// A line that has not ended yet, for each of the two outputs.
static struct {
    char text[4096];
    size_t length;
} lines[2];

static void write_line(int output) {
    contract_log(output == 0 ? HOST_INFO : HOST_WARN, lines[output].text, lines[output].length);
    lines[output].length = 0;
}

void host_finish_lines(void) {
    for (int output = 0; output < 2; output++) {
        if (lines[output].length) write_line(output);
    }
}

int32_t __imported_wasi_snapshot_preview1_fd_write(int32_t fd, int32_t vectors, int32_t count, int32_t written) {
    if (fd != 1 && fd != 2) return ERRNO_BADF;
    const host_bytes *pieces = (const host_bytes *)vectors;
    size_t all = 0;
    for (int32_t i = 0; i < count; i++) {
        for (size_t k = 0; k < pieces[i].length; k++) {
            char byte = pieces[i].data[k];
            if (byte == '\n' || lines[fd - 1].length == sizeof lines[0].text) write_line(fd - 1);
            if (byte != '\n') lines[fd - 1].text[lines[fd - 1].length++] = byte;
        }
        all += pieces[i].length;
    }
    *(size_t *)written = all;
    return 0;
}

// A terminal, so that libc writes each line when it ends.
int32_t __imported_wasi_snapshot_preview1_fd_fdstat_get(int32_t fd, int32_t into) {
    if (fd != 1 && fd != 2) return ERRNO_BADF;
    memset((void *)into, 0, 24);
    *(uint8_t *)into = FILETYPE_CHARACTER_DEVICE;
    return 0;
}

int32_t __imported_wasi_snapshot_preview1_fd_close(int32_t fd) {
    (void)fd;
    return ERRNO_BADF;
}

int32_t __imported_wasi_snapshot_preview1_fd_seek(int32_t fd, int64_t offset, int32_t whence, int32_t into) {
    (void)fd, (void)offset, (void)whence, (void)into;
    return ERRNO_BADF;
}
#else
// The libc of the machine itself needs nothing of the kind.
typedef int host_libc_is_complete;
#endif
