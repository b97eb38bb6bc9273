import { describe, expect, it, test } from 'vitest';

// Run in a page only, to see that what fails there is told.
describe('outcomes', () => {
  test('passes', () => expect({ a: 1 }).toEqual({ a: 1 }));
  test('wrong', () => expect({ a: 1 }).toEqual({ a: 2 }));
  test('throws', () => {
    void Promise.reject(new Error('loose'));
    expect(() => JSON.parse('{')).not.toThrow();
  });
  it('rejects', () => expect(Promise.reject(new Error('rejected'))).rejects.toThrow('accepted'));
  it('is late', () => expect(new Promise(() => undefined)).resolves.toBe(1), 20);
  it.each([1, 2])('row %s', (value) => expect(value).toBe(1));
});
