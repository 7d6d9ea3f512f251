/* What operations do to one lane: numbers are themselves; errors, truth values of any kind, text and
 * empty cells are NaN with a payload. `again` is set where a lane needs what only the processor has. */

#define FIRST_15_LEAST 1e-6
#define FIRST_15_MOST 1e17

TABLE double TENS[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

FN int is_odd(double x) { return (bits_of(x) & 0x7ff0000000000000ULL) == 0x7ff0000000000000ULL; }
FN int is_nan(double x) { return x != x; }
FN double truth(int holds) { return holds ? 1.0 : 0.0; }
FN double first_error(double a, double b, double other) {
  return is_nan(a) ? a : is_nan(b) ? b : other;
}
/* A result, with what is not finite made the error that it is. */
FN double settled(double r, double a, double b) {
  return is_odd(r) ? first_error(a, b, E_NUM) : r;
}

/* The first 15 digits and the exponent of the first one: 17 digits are rounded to 15, half up. */
FN int find_digits(double a, u64 *digits, int *exponent) {
  if (!(a >= FIRST_15_LEAST && a < FIRST_15_MOST)) return 0;
  int e = -6;
  if (a >= 1.0) {
    e = 0;
    while (e < 16 && a >= TENS[e + 1]) e++;
  } else {
    while (e < -1 && a * TENS[-e - 1] >= 1.0) e++;
  }
  double high = a * TENS[16 - e];
  if (high < 1e16 && e > -6) high = a * TENS[16 - --e];
  else if (high >= 1e17 && e < 16) high = a * TENS[16 - ++e];
  double low = fma(a, TENS[16 - e], -high);
  u64 d = ((u64)high + (u64)(long long)rint(low) + 50) / 100;
  if (d >= 1000000000000000ULL) { d /= 10; e++; }
  *digits = d;
  *exponent = e;
  return 1;
}

APART int same_15(double a, double b, u32 *again) {
  u64 da, db;
  int ea, eb;
  if ((bits_of(a) ^ bits_of(b)) >> 63) return 0;
  if (!find_digits(fabs(a), &da, &ea) || !find_digits(fabs(b), &db, &eb)) {
    *again = 1;
    return 0;
  }
  return da == db && ea == eb;
}

FN double snap(double r, double left, u32 *again) {
  if (r != 0.0 && fabs(r) < fabs(left) * 1e-14 && same_15(left + r, left, again)) return 0.0;
  return r;
}

FN double add(double a, double b) { return settled(a + b, a, b); }
FN double subtract(double a, double b) { return settled(a - b, a, b); }
FN double multiply(double a, double b) { return settled(a * b, a, b); }
APART double divide(double a, double b) {
  double r = a / b;
  return is_odd(r) ? first_error(a, b, b == 0.0 ? E_DIV0 : E_NUM) : r;
}
APART double add_snapped(double a, double b, u32 *again) {
  double r = a + b;
  return is_odd(r) ? first_error(a, b, E_NUM) : snap(r, a, again);
}
APART double subtract_snapped(double a, double b, u32 *again) {
  double r = a - b;
  return is_odd(r) ? first_error(a, b, E_NUM) : snap(r, a, again);
}
FN double negate(double a) { return is_nan(a) ? a : -a; }
FN double percent(double a) { return is_nan(a) ? a : a / 100.0; }
FN double least(double a, double b) { return first_error(a, b, b < a ? b : a); }
FN double greatest(double a, double b) { return first_error(a, b, b > a ? b : a); }

/* Below, equal or above by the first 15 digits: -1, 0 or 1. */
FN int order(double a, double b, u32 *again) {
  double largest = fabs(a) > fabs(b) ? fabs(a) : fabs(b);
  int plain = a < b ? -1 : a > b ? 1 : 0;
  if (plain == 0 || fabs(a - b) > 1e-14 * largest) return plain;
  return same_15(a, b, again) ? 0 : plain;
}
#define COMPARISON(name, test) \
  APART double name(double a, double b, u32 *again) { \
    if (is_nan(a)) return a; \
    if (is_nan(b)) return b; \
    return truth(order(a, b, again) test 0); \
  }
COMPARISON(equal, ==)
COMPARISON(not_equal, !=)
COMPARISON(less, <)
COMPARISON(greater, >)
COMPARISON(less_equal, <=)
COMPARISON(greater_equal, >=)

FN int is_packed(double x) {
  u64 tag = bits_of(x) & 0xFFFFFFFF00000000ULL;
  return tag == TAG_BOOL || tag == TAG_EMPTY || tag == TAG_TEXT;
}
FN int is_error(double x) { return is_nan(x) && !is_packed(x); }
/* Of a comparison of values of any kind, what is no number is left to the processor. */
FN double known(double x, double y, double result, u32 *again) {
  if (is_error(x)) return x;
  if (is_error(y)) return y;
  if (is_nan(x) || is_nan(y)) *again = 1;
  return result;
}
FN double inverted(double a) { return is_nan(a) ? a : truth(a == 0.0); }
FN double both(double a, double b) { return first_error(a, b, truth(a != 0.0 && b != 0.0)); }
FN double either(double a, double b) { return first_error(a, b, truth(a != 0.0 || b != 0.0)); }
FN double chosen(double test, double yes, double no) {
  return is_nan(test) ? test : test == 0.0 ? no : yes;
}
FN double boxed(double a) { return is_nan(a) ? a : of_bits(TAG_BOOL | (u64)(a != 0.0)); }
FN double unboxed(double a, u32 *again) {
  if (!is_nan(a)) return a;
  u64 tag = bits_of(a) & 0xFFFFFFFF00000000ULL;
  if (tag == TAG_BOOL) return (double)(bits_of(a) & 1);
  if (tag == TAG_EMPTY) return 0.0;
  if (tag == TAG_TEXT) { *again = 1; return 0.0; }
  return a;
}
FN double to_bool(double a, u32 *again) {
  double x = unboxed(a, again);
  return is_nan(x) ? x : truth(x != 0.0);
}
FN double settle(double a) { return bits_of(a) == TAG_EMPTY ? 0.0 : a; }
FN double if_na(double a, double b) { return bits_of(a) == bits_of(E_NA) ? b : a; }

/* Rounding by a power of ten: up is 10^digits, or down is 10^-digits, and the other is 1. */
FN double shown(double y) {
  double near = round(y);
  return fabs(y - near) < fabs(near) * 4e-15 ? near : y;
}
#define ROUNDING_OF(name, rounded) \
  APART double name(double x, double up, double down) { \
    if (is_nan(x)) return x; \
    double y = x * up / down, a = fabs(y); \
    if (is_odd(y) || a > 9e15) return x; \
    double r = (copysign(rounded, y) + 0.0) * down / up; \
    return is_odd(r) ? E_NUM : r; \
  }
FN double half_up(double a) {
  double noise = (a > 1.0 ? a : 1.0) * 4.5e-16;
  return floor(a + 0.5 + (noise < 0.05 ? noise : 0.05));
}
ROUNDING_OF(round_half, half_up(a))
ROUNDING_OF(round_up, ceil(shown(a)))
ROUNDING_OF(round_down, floor(shown(a)))

/* A number as a sum of two: the second is what the first lacks. */
typedef struct { double high, low; } parts;

FN parts product(double a, double b) {
  parts p;
  p.high = a * b;
  p.low = fma(a, b, -p.high);
  return p;
}
FN parts ln_parts(double x) {
  int tiny = x < 2.2250738585072014e-308;
  u64 bits = bits_of(tiny ? x * 18014398509481984.0 : x);
  double k = of_bits((bits >> 52) | 0x4330000000000000ULL) - 4503599627370496.0;
  k -= tiny ? 1077.0 : 1023.0;
  double m = of_bits((bits & 0x000fffffffffffffULL) | (1023ULL << 52));
  int high = m > SQRT_2;
  m = high ? m * 0.5 : m;
  k = high ? k + 1.0 : k;
  double g = m + 1.0, g_rest = m - (g - 1.0), s = (m - 1.0) / g;
  parts back = product(s, g);
  double s_rest = ((((m - 1.0) - back.high) - back.low) - s * g_rest) / g;
  parts z = product(s, s);
  double z_rest = z.low + 2.0 * s * s_rest;
  double c = near_artanh(z.high) * z.high;
  double t = THIRD + c, t_rest = ((THIRD - t) + c) + THIRD_REST;
  parts v = product(z.high, t);
  double v_rest = v.low + (z.high * t_rest + z_rest * t);
  parts w = product(s, v.high);
  double w_rest = w.low + (s * v_rest + s_rest * v.high);
  double sum = s + w.high, rest = ((s - sum) + w.high) + (s_rest + w_rest);
  double base = k * LN_2_HIGH;
  parts all;
  all.high = base + 2.0 * sum;
  all.low = ((base - all.high) + 2.0 * sum) + (k * LN_2_LOW + 2.0 * rest);
  return all;
}
FN double exp_parts(double x, double rest) {
  x = x > 710.0 ? 710.0 : x;
  x = x < -746.0 ? -746.0 : x;
  double k = (x * LOG2_E + ROUNDING) - ROUNDING;
  double high = x - k * LN_2_HIGH, low = k * LN_2_LOW - rest, r = high - low;
  double lost = (high - r) - low;
  double value = 1.0 + (r + (r * r * near_exp(r) + lost));
  double half = (k * 0.5 + ROUNDING) - ROUNDING;
  return value * power_of_two(half) * power_of_two(k - half);
}
FN double near_ln(double x) {
  parts ln = ln_parts(x);
  return ln.high + ln.low;
}
FN double near_log10(double x) {
  parts ln = ln_parts(x), value = product(ln.high, LOG10_E);
  return value.high + (value.low + (ln.high * LOG10_E_LOW + ln.low * LOG10_E));
}
FN double near_pow(double x, double y) {
  parts ln = ln_parts(x), value = product(y, ln.high);
  int has_room = fabs(y) < 1e290 && fabs(value.high) < 800.0;
  return exp_parts(value.high, has_room ? value.low + y * ln.low : 0.0);
}

APART double modulo(double x, double divisor) {
  if (is_nan(x)) return x;
  if (is_nan(divisor)) return divisor;
  if (divisor == 0.0) return E_DIV0;
  double quotient = x / divisor;
  if (!(fabs(quotient) <= 1.1258999e15)) return E_NUM;
  double rest = fmod(x, divisor);
  return (rest != 0.0 && (rest < 0.0) != (divisor < 0.0)) ? rest + divisor : rest;
}
FN double sign(double x) { return is_nan(x) || x == 0.0 ? (is_nan(x) ? x : 0.0) : x < 0.0 ? -1.0 : 1.0; }
FN double square_root(double x) { return is_nan(x) ? x : x >= 0.0 ? sqrt(x) : E_NUM; }
FN double exponential(double x) { double r = exp_parts(x, 0.0); return is_odd(r) ? first_error(x, x, E_NUM) : r; }
FN double natural_log(double x) { return is_nan(x) ? x : x > 0.0 ? near_ln(x) : E_NUM; }
FN double decimal_log(double x) { return is_nan(x) ? x : x > 0.0 ? near_log10(x) : E_NUM; }
FN double whole(double x) { return is_nan(x) ? x : floor(x); }
FN double magnitude(double x) { return is_nan(x) ? x : fabs(x); }

/* `power` is the product that a whole power is. */
FN double whole_power(double a, int n, double power) {
  if (is_nan(a)) return a;
  if (a == 0.0 && n < 1) return n == 0 ? E_NUM : E_DIV0;
  return is_odd(power) ? E_NUM : power;
}

APART double power(double a, double b) {
  if (is_nan(a)) return a;
  if (is_nan(b)) return b;
  int is_product = trunc(b) == b && fabs(b) <= 64.0;
  if (a == 0.0 && !(is_product && b > 0.0)) return b > 0.0 ? 0.0 : b == 0.0 ? E_NUM : E_DIV0;
  double r;
  if (a < 0.0 && trunc(b) != b) {
    double root = 1.0 / b, near = round(root);
    if (!(fabs(root - near) < 1e-9 && fabs(fmod(near, 2.0)) == 1.0)) return E_NUM;
    r = -near_pow(-a, b);
  } else if (is_product) {
    int rest = (int)fabs(b);
    double square = a;
    r = 1.0;
    while (rest > 0) {
      if (rest & 1) r *= square;
      rest >>= 1;
      if (rest > 0) square *= square;
    }
    if (b < 0.0) r = 1.0 / r;
  } else {
    r = near_pow(a, b);
  }
  return is_odd(r) ? E_NUM : r;
}

/* The rate at which flows are worth nothing, by Halley's method. */
FN double rate_of_return(const double *flows, int count, double guess, u32 *again) {
  int above = 0, below = 0;
#pragma unroll
  for (int i = 0; i < count; i++) {
    if (is_nan(flows[i])) return flows[i];
    above |= flows[i] > 0.0;
    below |= flows[i] < 0.0;
  }
  if (is_nan(guess)) return guess;
  if (guess <= -1.0) return E_VALUE;
  if (!above || !below) return E_NUM;
  double rate = guess;
  for (int step = 0; step < 30; step++) {
    double discount = 1.0 / (1.0 + rate), value = 0.0, slope = 0.0, bend = 0.0;
#pragma unroll
    for (int i = count - 1; i >= 0; i--) {
      bend = bend * discount + slope;
      slope = slope * discount + value;
      value = value * discount + flows[i];
    }
    double inner = discount * (slope * slope - value * bend) - value * slope;
    double next = rate + value * slope / (discount * inner);
    if (is_odd(next) || next <= -1.0) break;
    double size = fabs(next) > 1e-2 ? fabs(next) : 1e-2;
    if (fabs(next - rate) < 1e-5 * size) return next;
    rate = next;
  }
  *again = 1;
  return 0.0;
}

/* How many of the rising keys are not above a number. */
APART double find_below(const double *keys, int count, double x, u32 *again) {
  if (is_nan(x)) return x;
  int low = 0, high = count;
  while (low < high) {
    int middle = (low + high) / 2;
    if (order(keys[middle], x, again) <= 0) low = middle + 1; else high = middle;
  }
  return low == 0 ? E_NA : (double)low;
}
APART double find_equal(const double *keys, int count, double x, u32 *again) {
  if (is_nan(x)) return x;
  for (int i = 0; i < count; i++)
    if (order(keys[i], x, again) == 0) return (double)(i + 1);
  return E_NA;
}
/* The place of an index among `count` values, or -1 with the error. */
FN int place_of(double index, double base, int count, double before, double behind, double *out) {
  if (is_nan(index)) { *out = index; return -1; }
  double place = trunc(index) - base;
  if (place < 0.0) { *out = before; return -1; }
  if (place >= (double)count) { *out = behind; return -1; }
  return (int)place;
}
