/** Compiled, never run: the types of trainers. */
import { train } from 'nbserve/train';

export async function resumed(trainLoopPerWorker: () => void, datasets: train.TreesTrainerOptions['datasets']): Promise<void> {
  const resumeFromCheckpoint = await train.latestCheckpoint('folder');
  const trainer = new train.Trainer({ trainLoopPerWorker, resumeFromCheckpoint });
  trainer.with({ resumeFromCheckpoint: null });
  new train.TreesTrainer({ labelColumn: 'y', datasets, resumeFromCheckpoint });
  // @ts-expect-error: a checkpoint is an object with a path
  new train.Trainer({ trainLoopPerWorker, resumeFromCheckpoint: 'folder' });
}
