/* Fifty thousand items of mixed kinds, submitted from a completion: after the
 * test of the pool that dqlite wrote when libuv's could not order its work.
 *
 * Its kinds, by what uvpool has for them: unordered items go to a wide pool, by
 * uvpool_queue_work and by uvpool_submit in turn; those of one order go to a
 * pool of one worker, those of another to a serial queue of the wide pool; a
 * barrier comes when all that was submitted before it is over, and nothing is
 * submitted behind it until it has run. */
#include "dice.h"
#include "item.h"

enum { COUNT = 50000 };

enum kind { UNORDERED_ITEM, UNORDERED_JOB, NARROW_ITEM, SERIAL_JOB, BARRIER };

typedef struct mix_s mix_t;

typedef struct piece_s {
  mix_t* mix;
  enum kind kind;
  long number;
  item_t item;
  job_t job;
} piece_t;

struct mix_s {
  uvpool_t* wide;
  uvpool_t* narrow;
  uvpool_serial_t serial;
  piece_t* pieces;
  long count;

  /* The works of one order, of which only one runs at a time: it is the library
   * that orders their accesses. [0]: narrow, [1]: serial. */
  long last[2]; /* the number of the last piece of this order that ran */
  long disordered[2];

  /* Any worker: pieces that have yet to run, of those submitted. */
  atomic_long unrun;
  atomic_long early; /* barriers that ran before them */

  /* Loop thread. */
  long submitted;
  long over;
  long refused;
  int barred; /* a barrier is in flight, or waits for the others to be over */
};

/* ---- The work ------------------------------------------------------------ */

static void piece_work(piece_t* piece) {
  mix_t* mix = piece->mix;
  if (piece->kind == BARRIER) {
    atomic_fetch_add(&mix->early, atomic_load(&mix->unrun) != 1);
  } else if (piece->kind == NARROW_ITEM || piece->kind == SERIAL_JOB) {
    int order = piece->kind == SERIAL_JOB;
    mix->disordered[order] += piece->number <= mix->last[order];
    mix->last[order] = piece->number;
  }
  atomic_fetch_sub(&mix->unrun, 1);
}

static void in_item_work(item_t* item) {
  piece_work(item->arg);
}

static void in_job_work(job_t* job) {
  piece_work(job->arg);
}

/* ---- The loop ------------------------------------------------------------ */

static void submit_on(mix_t* mix);

static void piece_over(piece_t* piece) {
  mix_t* mix = piece->mix;
  mix->over++;
  if (piece->kind == BARRIER) {
    mix->barred = 0;
  }
  submit_on(mix);
}

static void in_item_after(item_t* item) {
  piece_over(item->arg);
}

static void in_job_done(job_t* job) {
  piece_over(job->arg);
}

static void submit_piece(mix_t* mix, piece_t* piece) {
  atomic_fetch_add(&mix->unrun, 1);
  switch (piece->kind) {
    case NARROW_ITEM:
      mix->refused += item_queue(mix->narrow, &piece->item) != 0;
      break;
    case SERIAL_JOB:
      mix->refused +=
          uvpool_serial_submit(
              &mix->serial, &piece->job.task, job_work, job_done) != 0;
      break;
    case UNORDERED_JOB:
      mix->refused += job_submit(mix->wide, &piece->job) != 0;
      break;
    default:
      mix->refused += item_queue(mix->wide, &piece->item) != 0;
  }
}

/* As much as the next barrier allows. */
static void submit_on(mix_t* mix) {
  while (mix->submitted < mix->count && !mix->barred) {
    piece_t* piece = &mix->pieces[mix->submitted];
    if (piece->kind == BARRIER) {
      if (mix->over < mix->submitted) {
        return; /* the last of them calls again */
      }
      mix->barred = 1;
    }
    mix->submitted++;
    submit_piece(mix, piece);
  }
}

static void in_first_after(item_t* item) {
  submit_on(item->arg);
}

/* ---- The test ------------------------------------------------------------ */

static piece_t* pieces_new(mix_t* mix) {
  dice_t dice = dice_new();
  piece_t* pieces = calloc((size_t) mix->count, sizeof(*pieces));
  assert_non_null(pieces);
  for (long i = 0; i < mix->count; i++) {
    piece_t* piece = &pieces[i];
    piece->mix = mix;
    /* Barriers are rare, so that something gathers before them. */
    piece->kind = dice_below(&dice, 100) == 0
                      ? BARRIER
                      : (enum kind) dice_below(&dice, BARRIER);
    piece->number = i + 1;
    item_init(&piece->item, NULL);
    piece->item.in_work = in_item_work;
    piece->item.in_after = in_item_after;
    piece->item.arg = piece;
    job_init(&piece->job, 0);
    piece->job.in_work = in_job_work;
    piece->job.in_done = in_job_done;
    piece->job.arg = piece;
  }
  return pieces;
}

static void check_pieces(mix_t* mix) {
  for (long i = 0; i < mix->count; i++) {
    piece_t* piece = &mix->pieces[i];
    if (piece->kind == UNORDERED_JOB || piece->kind == SERIAL_JOB) {
      job_assert_ran(&piece->job);
    } else {
      items_assert_ran(&piece->item, 1);
    }
  }
  assert_int_equal(mix->over, mix->count);
  assert_int_equal(mix->refused, 0);
  assert_int_equal(atomic_load(&mix->early), 0);
  assert_int_equal(mix->disordered[0], 0);
  assert_int_equal(mix->disordered[1], 0);
}

static void mixed_items(void** state) {
  mix_t mix = {.count = COUNT};
  mix.pieces = pieces_new(&mix);
  mix.wide = pool_open(*state, 4, UVPOOL_UNLIMITED);
  mix.narrow = pool_open(*state, 1, UVPOOL_UNLIMITED);
  assert_status(uvpool_serial_init(mix.wide, &mix.serial), 0);
  item_t first;
  item_init(&first, NULL);
  first.in_after = in_first_after;
  first.arg = &mix;
  items_queue(mix.wide, &first, 1);
  loop_run(*state);
  check_pieces(&mix);
  assert_status(uvpool_serial_close(&mix.serial, NULL), 0);
  pool_close(*state, mix.narrow);
  pool_close(*state, mix.wide);
  free(mix.pieces);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {loop_test(mixed_items)};
  return kit_run(argc, argv, tests);
}
