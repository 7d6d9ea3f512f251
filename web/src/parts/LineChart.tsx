// A line over steps. The library is fetched when the first chart is drawn. Tooltips are drawn as
// text on the canvas: no HTML is made out of names that an engine chose.

import { useComputedColorScheme } from '@mantine/core';
import { LineChart as Lines } from 'echarts/charts';
import { AriaComponent, GridComponent, TooltipComponent } from 'echarts/components';
import { init, use as register } from 'echarts/core';
import type { EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../app/format';

register([Lines, AriaComponent, GridComponent, TooltipComponent, CanvasRenderer]);

const FEW_POINTS = 40;

const readToken = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export interface LineChartProps {
  name: string;
  points: [number, number][];
}

function derivePicture(name: string, points: [number, number][], show: (value: number) => string) {
  const text = readToken('--g-muted');
  const line = readToken('--g-line');
  const axis = {
    axisLabel: { color: text, formatter: show },
    axisLine: { lineStyle: { color: line } },
    splitLine: { lineStyle: { color: line } },
    axisTick: { show: false },
  };
  return {
    animation: false,
    aria: { enabled: false },
    color: [readToken('--g-chart-1')],
    grid: { left: 8, right: 16, top: 12, bottom: 4, containLabel: true },
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
    series: [
      {
        type: 'line' as const,
        name,
        data: points,
        showSymbol: points.length <= FEW_POINTS,
        symbolSize: 6,
        lineStyle: { width: 2 },
      },
    ],
  };
}

export default function LineChart({ name, points }: LineChartProps) {
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
      chart.current?.setOption(derivePicture(name, points, (value) => format.number(value))),
    );
    return () => cancelAnimationFrame(frameId);
  }, [format, name, points, scheme]);

  const last = points[points.length - 1];
  const label = t('metrics.chart', {
    name,
    count: points.length,
    last: last ? format.number(last[1]) : '',
  });
  return <div ref={frame} className="line-chart" role="img" aria-label={label} />;
}
