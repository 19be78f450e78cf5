// SPDX-License-Identifier: GPL-2.0-only
/*
 * store - keeps a block device full of pages whose content it knows
 *
 * usage: store DEVICE DATA MIB
 *
 * What a page holds is a page of DATA (real memory of a process), headed by
 * the page's number and its generation, so that a page in the wrong place and
 * one of yesterday are seen. Commands on standard input, an answer each:
 *
 *   fill [PERCENT]  writes pages that hold nothing, up to so much  -> filled N
 *   free PERCENT    discards so many of all, chosen at random      -> freed N
 *   go              readers and a writer, all of them at work      -> going
 *   halt            stops them           -> halted READS WRITES WRONG
 *   verify          reads every page                     -> verified N WRONG
 *
 * A page that was discarded has to read as zeros. Wrong pages are told on
 * standard error. All I/O is direct, so that it is the device's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE		4096u
#define BATCH		64u		/* pages of one read or write, at most */
#define LOCKS		256u
#define READERS		2u
/* Pages of DATA that are kept: what they take is memory that is not the device's. */
#define DATA_MAX	4096u
#define STEP		7919u		/* a prime: neighbours differ */
#define PAUSE		300		/* us between the threads' operations */

struct head {
	unsigned long page;
	unsigned int generation;
	unsigned int mark;
};

#define MARK		0x65726f74u

static int device;
static const unsigned char *data;
static unsigned int data_pages;
static unsigned int pages;
/* 0: discarded. Changed and read under the page's lock. */
static unsigned int *generation;
static pthread_mutex_t lock[LOCKS];
static atomic_bool over;

struct thread {
	pthread_t id;
	unsigned int seed;
	atomic_ulong done;
	unsigned long before;		/* what was done when go answered */
	unsigned long wrong;
};

static struct thread thread[READERS + 1];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned char *buffer(void)
{
	void *p;

	if (posix_memalign(&p, PAGE, BATCH * PAGE))
		die("memory");
	return p;
}

static void make(unsigned char *to, unsigned int page, unsigned int gen)
{
	struct head head = { page, gen, MARK };
	unsigned long from = ((unsigned long)page * STEP + gen) % data_pages;

	if (!gen) {
		memset(to, 0, PAGE);
		return;
	}
	memcpy(to, data + from * PAGE, PAGE);
	memcpy(to, &head, sizeof(head));
}

static bool differs(const unsigned char *got, unsigned int page,
		    unsigned int gen)
{
	static __thread unsigned char want[PAGE];
	struct head head;

	make(want, page, gen);
	if (!memcmp(got, want, PAGE))
		return false;
	memcpy(&head, got, sizeof(head));
	fprintf(stderr,
		"store: page %u of generation %u holds page %lu generation %u mark %x\n",
		page, gen, head.page, head.generation,
		head.mark);
	return true;
}

static void io(bool write, unsigned char *buf, unsigned int page, unsigned int n)
{
	size_t len = (size_t)n * PAGE;
	off_t at = (off_t)page * PAGE;
	ssize_t done = write ? pwrite(device, buf, len, at) :
			       pread(device, buf, len, at);

	if (done != (ssize_t)len) {
		fprintf(stderr, "store: %s of %u pages at %u: %zd, %s\n",
			write ? "write" : "read", n, page, done, strerror(errno));
		exit(1);
	}
}

static unsigned long fill(unsigned int percent)
{
	unsigned int most = (unsigned long)pages * percent / 100;
	unsigned char *buf = buffer();
	unsigned long filled = 0;
	unsigned int p, n;

	for (p = 0; p < most; p += n) {
		for (n = 0; n < BATCH && p + n < most && !generation[p + n]; n++) {
			generation[p + n] = 1;
			make(buf + n * PAGE, p + n, 1);
		}
		if (n)
			io(true, buf, p, n);
		filled += n;
		n += !n;
	}
	free(buf);
	return filled;
}

static unsigned long discard(unsigned int percent)
{
	static unsigned int seed = 1;
	unsigned long freed = 0;
	unsigned int p;

	for (p = 0; p < pages; p++) {
		unsigned long long range[2] = { (unsigned long long)p * PAGE, PAGE };

		if (!generation[p] || (unsigned int)rand_r(&seed) % 100 >= percent)
			continue;
		pthread_mutex_lock(&lock[p % LOCKS]);
		if (ioctl(device, BLKDISCARD, range))
			die("discard");
		generation[p] = 0;
		pthread_mutex_unlock(&lock[p % LOCKS]);
		freed++;
	}
	return freed;
}

static unsigned long verify(unsigned long *bad)
{
	unsigned char *buf = buffer();
	unsigned long held = 0;
	unsigned int p, n, i;

	*bad = 0;
	for (p = 0; p < pages; p += n) {
		n = pages - p < BATCH ? pages - p : BATCH;
		io(false, buf, p, n);
		for (i = 0; i < n; i++) {
			held += generation[p + i] != 0;
			*bad += differs(buf + i * PAGE, p + i, generation[p + i]);
		}
	}
	free(buf);
	return held;
}

static void *run(void *arg)
{
	struct thread *t = arg;
	bool writes = t == &thread[READERS];
	unsigned char *buf = buffer();

	while (!over) {
		unsigned int p = (rand_r(&t->seed) * 32768u +
				  rand_r(&t->seed)) % pages;

		pthread_mutex_lock(&lock[p % LOCKS]);
		if (!writes || generation[p]) {
			io(false, buf, p, 1);
			t->wrong += differs(buf, p, generation[p]);
		}
		/* a page that was freed stays free: room is what we measure */
		if (writes && generation[p]) {
			make(buf, p, ++generation[p]);
			io(true, buf, p, 1);
		}
		pthread_mutex_unlock(&lock[p % LOCKS]);
		t->done++;
		usleep(PAUSE);
	}
	free(buf);
	return NULL;
}

static void go(void)
{
	unsigned int i;

	over = false;
	for (i = 0; i <= READERS; i++) {
		thread[i].seed = i + 1;
		thread[i].done = 0;
		thread[i].wrong = 0;
		if (pthread_create(&thread[i].id, NULL, run, &thread[i]))
			die("thread");
	}
	/* a short proof may be over before a busy host lets the last of them begin */
	for (i = 0; i <= READERS; i++) {
		while (!thread[i].done)
			usleep(PAUSE);
		thread[i].before = thread[i].done;
	}
}

static void halt(void)
{
	unsigned long reads = 0, writes = 0, bad = 0;
	unsigned int i;

	over = true;
	for (i = 0; i <= READERS; i++) {
		pthread_join(thread[i].id, NULL);
		*(i < READERS ? &reads : &writes) += thread[i].done - thread[i].before;
		bad += thread[i].wrong;
	}
	printf("halted %lu %lu %lu\n", reads, writes, bad);
}

static void serve(char *line)
{
	unsigned int percent = 100;
	unsigned long n, bad;
	char word[16] = "";

	if (sscanf(line, "%15s %u", word, &percent) < 1)
		return;
	if (!strcmp(word, "fill")) {
		printf("filled %lu\n", fill(percent));
	} else if (!strcmp(word, "free")) {
		printf("freed %lu\n", discard(percent));
	} else if (!strcmp(word, "go")) {
		go();
		printf("going\n");
	} else if (!strcmp(word, "halt")) {
		halt();
	} else if (!strcmp(word, "verify")) {
		n = verify(&bad);
		printf("verified %lu %lu\n", n, bad);
	} else {
		printf("unknown %s\n", word);
	}
	fflush(stdout);
}

/*
 * Pages from all over the file. Its cache would be read anew from the host wherever
 * memory is short.
 */
static const unsigned char *copy_of(int fd, unsigned int nr, unsigned int of)
{
	unsigned char *to = mmap(NULL, (size_t)nr * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	if (to == MAP_FAILED)
		die("memory");
	for (i = 0; i < nr; i++)
		if (pread(fd, to + (size_t)i * PAGE, PAGE,
			  (off_t)((unsigned long)i * of / nr) * PAGE) != PAGE)
			die("read");
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return to;
}

int main(int argc, char **argv)
{
	struct stat st;
	char line[64];
	unsigned int i;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: store DEVICE DATA MIB\n");
		return 2;
	}
	device = open(argv[1], O_RDWR | O_DIRECT);
	fd = open(argv[2], O_RDONLY);
	if (device < 0 || fd < 0 || fstat(fd, &st))
		die("open");
	data_pages = st.st_size / PAGE < DATA_MAX ? st.st_size / PAGE : DATA_MAX;
	data = copy_of(fd, data_pages, st.st_size / PAGE);
	pages = atoi(argv[3]) * 256u;
	generation = calloc(pages, sizeof(*generation));
	if (!data_pages || !generation)
		die("memory");
	for (i = 0; i < LOCKS; i++)
		pthread_mutex_init(&lock[i], NULL);
	while (fgets(line, sizeof(line), stdin))
		serve(line);
	return 0;
}
