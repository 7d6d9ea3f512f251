typedef unsigned long long u64;
typedef unsigned int u32;

#ifdef __CUDACC__
#define FN static __device__ __forceinline__
#define APART static __device__ __noinline__
#define TABLE static __device__ const
#define KERNEL extern "C" __global__
FN double of_bits(u64 x) { return __longlong_as_double((long long)x); }
FN u64 bits_of(double x) { return (u64)__double_as_longlong(x); }
#else
#define FN static inline
#define APART static
#define TABLE static const
#define KERNEL static
FN double of_bits(u64 x) { double y; __builtin_memcpy(&y, &x, 8); return y; }
FN u64 bits_of(double x) { u64 y; __builtin_memcpy(&y, &x, 8); return y; }
#endif

typedef struct { u32 word[4]; } words;

/* Philox4x32-10. */
FN words philox(u64 block, u64 seed, u32 input, u32 purpose) {
  u32 a = (u32)block, b = (u32)(block >> 32), c = input, d = purpose;
  u32 key0 = (u32)seed, key1 = (u32)(seed >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    u64 left = (u64)a * 0xD2511F53u, right = (u64)c * 0xCD9E8D57u;
    u32 above = (u32)(right >> 32) ^ b ^ key0;
    c = (u32)(left >> 32) ^ d ^ key1;
    a = above;
    b = (u32)right;
    d = (u32)left;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  words all = {{a, b, c, d}};
  return all;
}

/* 64 random bits of an iteration. */
FN u64 random_bits(u64 n, u64 seed, u32 input, u32 purpose) {
  words w = philox((n >> 8) * 128 + (n & 127), seed, input, purpose);
  return (n & 128) ? w.word[2] | ((u64)w.word[3] << 32) : w.word[0] | ((u64)w.word[1] << 32);
}

/* The middle of one of 2^52 equal intervals. */
FN double unit(u64 bits) {
  return (of_bits((bits >> 12) | 0x3FF0000000000000ULL) - 1.0) + 1.1102230246251565e-16;
}

FN double inside(double u) {
  const double least = 1.1102230246251565e-16;
  u = u < least ? least : u;
  return u > 1.0 - least ? 1.0 - least : u;
}

/* One pass through the permutation of strata. */
FN u64 pass(u64 x, const u32 *keys, u32 low_bits, u32 high_bits) {
  u64 low = x & ((1ULL << low_bits) - 1), high = x >> low_bits;
#pragma unroll
  for (int i = 0; i < 8; i++) {
    u64 product = (u64)((u32)low ^ keys[i]) * 0x9E3779B1u;
    u64 mixed = high ^ ((product ^ (product >> 32)) & ((1ULL << high_bits) - 1));
    u32 width = high_bits;
    high = low;
    low = mixed;
    high_bits = low_bits;
    low_bits = width;
  }
  return (high << low_bits) | low;
}

FN double latin(u64 n, u64 seed, u64 draws, u32 input) {
  words one = philox(0, seed, input, 1), other = philox(1, seed, input, 1);
  u32 keys[8], bits = 2;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    keys[i] = one.word[i];
    keys[i + 4] = other.word[i];
  }
  while (bits < 64 && ((draws - 1) >> bits)) bits++;
  u64 x = pass(n < draws ? n : n % draws, keys, bits - bits / 2, bits / 2);
  while (x >= draws) x = pass(x, keys, bits - bits / 2, bits / 2);
  return inside(((double)x + unit(random_bits(n, seed, input, 0))) / (double)draws);
}

FN double sobol(u64 n, u64 seeds, const u32 *directions, u32 input) {
  words w = philox(0, seeds, input, 2);
  u32 x = 0, seed = w.word[0], tail_seed = w.word[1];
  for (int bit = 0; bit < 32; bit++) x ^= ((n >> bit) & 1) ? directions[bit] : 0;
  x ^= x * 0x3d20adeau;
  x += seed;
  x *= (seed >> 16) | 1;
  x ^= x * 0x05526c56u;
  x ^= x * 0x53a22864u;
  u32 tail = x ^ tail_seed;
  tail ^= tail >> 16;
  tail *= 0x85ebca6bu;
  tail ^= tail >> 13;
  tail *= 0xc2b2ae35u;
  tail ^= tail >> 16;
  u32 turned = 0;
  for (int bit = 0; bit < 32; bit++) turned |= ((x >> bit) & 1) << (31 - bit);
  return unit(((u64)turned << 32) | tail);
}
