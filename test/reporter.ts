/**
 * The run's last line, in the form that continuous integration reads: `N passed, N failed`; before it, why a test had to be run again, and
 * what an ordinary user cannot run. Root can run all, so what is left out then is counted as failed.
 */
export default class CountReporter {
  onTestRunEnd(modules: readonly ReportedModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    for (const module of modules) {
      const before = passed + failed;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'skipped' && process.getuid?.() !== 0) {
          process.stdout.write(`\nLeft out, to be run as root: ${test.fullName}\n`);
          continue;
        }
        if (result.state === 'passed') passed += 1;
        else failed += 1;
        if (result.state !== 'passed') continue;
        for (const { stack = '' } of result.errors ?? [])
          process.stdout.write(`\nRun again: ${test.fullName}\n${stack}\n`);
      }
      if (passed + failed === before) failed += 1;
    }
    process.on('exit', () => process.stdout.write(`\n${passed} passed, ${failed} failed\n`));
  }
}

interface ReportedModule {
  readonly children: { allTests(): Iterable<ReportedTest> };
}

interface ReportedTest {
  readonly fullName: string;
  result(): { readonly state: string; readonly errors?: readonly { readonly stack?: string }[] | undefined };
}
