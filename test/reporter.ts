/** The run's last line, in the form that continuous integration reads: `N passed, N failed`. */
export default class CountReporter {
  onTestRunEnd(modules: readonly ReportedModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    for (const module of modules) {
      const before = passed + failed;
      for (const test of module.children.allTests()) {
        if (test.result().state === 'passed') passed += 1;
        else failed += 1;
      }
      if (passed + failed === before) failed += 1;
    }
    process.on('exit', () => process.stdout.write(`\n${passed} passed, ${failed} failed\n`));
  }
}

interface ReportedModule {
  readonly children: { allTests(): Iterable<{ result(): { readonly state: string } }> };
}
