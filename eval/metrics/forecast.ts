/** One forecast and what came of it; `group` is the month it belongs to. */
export interface Forecast {
  readonly p: number;
  readonly label: 0 | 1;
  readonly group: string;
}

/** The forecasts of each group, groups in order of appearance. */
export function byGroup(forecasts: readonly Forecast[]): ReadonlyMap<string, readonly Forecast[]> {
  const groups = new Map<string, Forecast[]>();
  for (const forecast of forecasts) {
    const group = groups.get(forecast.group);
    if (group) group.push(forecast);
    else groups.set(forecast.group, [forecast]);
  }
  return groups;
}
