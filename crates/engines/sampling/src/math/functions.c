FN double power_of_two(double k) {
  u64 whole = bits_of(k + ROUNDING) - bits_of(ROUNDING);
  return of_bits((whole + 1023) << 52);
}

FN double own_exp(double x) {
  x = x > 710.0 ? 710.0 : x;
  x = x < -746.0 ? -746.0 : x;
  double k = (x * LOG2_E + ROUNDING) - ROUNDING;
  double r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
  double value = 1.0 + (r + r * r * exp_sum(r));
  double half = (k * 0.5 + ROUNDING) - ROUNDING;
  return value * power_of_two(half) * power_of_two(k - half);
}

FN double own_ln(double x) {
  int tiny = x < 2.2250738585072014e-308;
  u64 bits = bits_of(tiny ? x * 18014398509481984.0 : x);
  double k = of_bits((bits >> 52) | 0x4330000000000000ULL) - 4503599627370496.0;
  k -= tiny ? 1077.0 : 1023.0;
  double m = of_bits((bits & 0x000fffffffffffffULL) | (1023ULL << 52));
  int high = m > SQRT_2;
  m = high ? m * 0.5 : m;
  k = high ? k + 1.0 : k;
  double s = (m - 1.0) / (m + 1.0), square = s * s;
  double twice = 2.0 * s + 2.0 * s * square * artanh_sum(square);
  double value = k * LN_2_HIGH + (k * LN_2_LOW + twice);
  value = x == of_bits(0x7ff0000000000000ULL) ? x : value;
  value = x == 0.0 ? of_bits(0xfff0000000000000ULL) : value;
  return x >= 0.0 ? value : of_bits(0x7ff8000000000000ULL);
}

FN double own_floor(double x) {
  if (!(fabs(x) < 2251799813685248.0)) return x;
  double near = (x + ROUNDING) - ROUNDING;
  return near > x ? near - 1.0 : near;
}

APART double normal_tail(double p) {
  double root = sqrt(-own_ln(p));
  if (p < FAR) return far_above(root - 5.0) / far_below(root - 5.0);
  return tail_above(root - 1.6) / tail_below(root - 1.6);
}

FN double inverse_normal(double p) {
  double q = p - 0.5;
  if (fabs(q) <= CENTRE) {
    double r = 0.180625 - q * q;
    return q * centre_above(r) / centre_below(r);
  }
  double distance = normal_tail(q < 0.0 ? p : 1.0 - p);
  return q < 0.0 ? -distance : distance;
}

FN double tan_half_pi(double t) {
  double a = fabs(t), sine, cosine;
  int high = a > 0.5;
  sine_cosine((high ? 1.0 - a : a) * HALF_PI, &sine, &cosine);
  double tangent = high ? cosine / sine : sine / cosine;
  return t < 0.0 ? -tangent : tangent;
}

FN double triangular(double u, double split, double rise, double fall, double min, double max) {
  int low = u < split;
  double root = sqrt(low ? rise * u : fall * (1.0 - u));
  return low ? min + root : max - root;
}

FN double laplace(double u, double location, double scale) {
  double log = own_ln(u < 0.5 ? 2.0 * u : 2.0 * (1.0 - u));
  return location + (u < 0.5 ? scale * log : -scale * log);
}

/* Powers of a cell's polynomial stand `cells` apart. */
FN double score_table(double z, const double *powers, int cells, int terms, double reach) {
  z = z > reach - 1e-9 ? reach - 1e-9 : z;
  z = z < -reach ? -reach : z;
  double position = (z + reach) * ((double)cells / (2.0 * reach));
  double shifted = (position - 0.5) + ROUNDING;
  int cell = (int)(bits_of(shifted) & (u64)(cells - 1));
  double t = 2.0 * (position - (shifted - ROUNDING)) - 1.0;
  double sum = powers[(terms - 1) * cells + cell];
  for (int power = terms - 2; power >= 0; power--) sum = sum * t + powers[power * cells + cell];
  return sum;
}

/* The first interval whose end is not below u. */
FN int interval(double u, const double *ends, int count) {
  int low = 0, high = count - 1;
  while (low < high) {
    int middle = (low + high) / 2;
    if (ends[middle] < u) low = middle + 1; else high = middle;
  }
  return low;
}

/* Where a piece's share of its probability is reached; a piece is start, width and two densities. */
FN double piece(double u, double before, double end, const double *p) {
  double r = (u - before) / (end - before);
  double area = r * 0.5 * (p[2] + p[3]);
  double inner = p[2] * p[2] + 2.0 * (p[3] - p[2]) * area;
  double below = p[2] + sqrt(inner > 0.0 ? inner : 0.0);
  double t = below > 0.0 ? 2.0 * area / below : 0.0;
  return p[0] + p[1] * (t < 1.0 ? t : 1.0);
}
