import { parentPort } from 'node:worker_threads';
import { encodeManifest } from '../model/manifest-codec.js';
import { answerWith } from './background.js';
import { walkSync, type EncodedWalk, type WalkOptions } from './walk.js';

answerWith<{ readonly root: string; readonly options: WalkOptions }>(parentPort, ({ root, options }) => {
  const { manifest, errors, foreign } = walkSync(root, options);
  const bytes = encodeManifest(manifest);
  const value: EncodedWalk = { bytes, errors, foreign };
  return { value, transfer: [bytes.buffer] };
});
