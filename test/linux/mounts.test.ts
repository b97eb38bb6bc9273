import { expect, test } from 'vitest';
import { runInside, users } from './inside.js';

const promises = {
  overlay: 'an overlay shows the top layer first, keeps changes apart and marks deletions, by either way of mounting',
  characters: 'layers may have names of any characters and any length, by either way of mounting',
  many: 'four hundred layers are mounted, and more than the kernel takes are refused',
  readOnly: 'an overlay without an upper directory cannot be written',
  refusals: 'what the kernel refuses is told apart',
  binds: 'binds show a directory twice, read-only ones cannot be written, detached ones keep their open files',
  session:
    'a worker thread has a private view of the tree and switches it from beneath, while the other threads see the host view',
  own: 'the mounts of this process are as they are now, whoever changed them and from where',
  owner: 'the owner of a mount namespace is found',
};

for (const user of users) {
  for (const [name, promise] of Object.entries(promises)) {
    test(`${user}: ${promise}`, () => {
      expect(runInside(user, 'mounts', name)).toBe('');
    });
  }
}

test('without a user namespace an ordinary user is told that he may not mount', () => {
  expect(runInside('ordinary user', 'mounts', 'denied', true)).toBe('');
});
