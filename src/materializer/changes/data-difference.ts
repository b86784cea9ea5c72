export interface DataDifference {
  readonly x: number;
}
