// Lines over steps. The library is fetched when the first chart is drawn. Tooltips are drawn as
// text on the canvas: no HTML is made out of names that an engine chose.

import { useComputedColorScheme } from '@mantine/core';
import { LineChart as Lines } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use as register } from 'echarts/core';
import type { EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { humanize, useFormat } from '../app/format';

register([Lines, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const FEW_POINTS = 40;
const COLORS = [1, 2, 3, 4, 5, 6].map((number) => `--g-chart-${number}`);
/** Lines differ by their marks as well, not by colour alone. */
const MARKS = ['circle', 'rect', 'triangle', 'diamond', 'emptyCircle', 'emptyRect'];

const readToken = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export interface Series {
  name: string;
  points: [number, number][];
}

export interface LineChartProps {
  name: string;
  series: Series[];
}

function derivePicture(series: Series[], show: (value: number) => string) {
  const text = readToken('--g-muted');
  const line = readToken('--g-line');
  const axis = {
    axisLabel: { color: text, formatter: show },
    axisLine: { lineStyle: { color: line } },
    splitLine: { lineStyle: { color: line } },
    axisTick: { show: false },
  };
  const hasLegend = series.length > 1;
  return {
    animation: false,
    color: COLORS.map(readToken),
    grid: { left: 8, right: 16, top: 12, bottom: hasLegend ? 36 : 4, containLabel: true },
    legend: hasLegend
      ? { type: 'scroll' as const, bottom: 0, left: 0, textStyle: { color: text, fontSize: 12 } }
      : undefined,
    tooltip: {
      trigger: 'axis' as const,
      renderMode: 'richText' as const,
      backgroundColor: readToken('--g-raised'),
      borderColor: line,
      textStyle: { color: readToken('--g-text'), fontSize: 12 },
      valueFormatter: (value: unknown) => show(Number(value)),
    },
    xAxis: { type: 'value' as const, minInterval: 1, min: 'dataMin', max: 'dataMax', ...axis },
    yAxis: { type: 'value' as const, scale: true, ...axis },
    series: series.map(({ name, points }, index) => ({
      type: 'line' as const,
      name: humanize(name),
      data: points,
      symbol: MARKS[index % MARKS.length],
      showSymbol: points.length <= FEW_POINTS,
      symbolSize: 7,
      lineStyle: { width: 2 },
    })),
  };
}

export default function LineChart({ name, series }: LineChartProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const scheme = useComputedColorScheme('light');
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const made = init(element, null, { renderer: 'canvas' });
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    // The scheme's colours are on the page one frame after the scheme is known.
    const frameId = requestAnimationFrame(() =>
      chart.current?.setOption(
        derivePicture(series, (value) => format.number(value)),
        { notMerge: true },
      ),
    );
    return () => cancelAnimationFrame(frameId);
  }, [format, scheme, series]);

  const values = series.map((line) => {
    const last = line.points[line.points.length - 1];
    return `${humanize(line.name)} ${last ? format.number(last[1]) : ''}`;
  });
  const label = t('metrics.chart', { name, values: values.join(', ') });
  return <div ref={frame} className="line-chart" role="img" aria-label={label} />;
}
