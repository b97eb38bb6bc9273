import { WorkTree } from 'mizer/live';
import { Line } from './line.js';
import { Project } from './project.js';
import { Side } from './side.js';

const people = ['', 'Ada', 'Ben'];
const personOf = (replica: number): string => people[replica] ?? `${replica}`;
const project = new Project();
const clock = (): number => Date.now();

const { provider } = project;
const ada = WorkTree.create({ replica: 1, base: project.first, provider, clock });
const ben = await WorkTree.join({ replica: 2, provider, clock, operations: [ada.missing()] });

const line = new Line();
const [left, right] = [
  new Side(personOf(1), ada, project, line, personOf),
  new Side(personOf(2), ben, project, line, personOf),
];
document.querySelector('main')?.append(left.element, line.element, right.element);
