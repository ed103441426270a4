#include "textflag.h"

// func indexAVX2(p unsafe.Pointer, out *uint64, words int)
// One word a round: 64 bytes of text become 64 bits, set where a byte is a quote, a backslash, below 0x20 or above 0x7f.
TEXT ·indexAVX2(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), SI
	MOVQ out+8(FP), DI
	MOVQ words+16(FP), CX
	MOVQ $0x22, AX
	MOVQ AX, X0
	VPBROADCASTB X0, Y0
	MOVQ $0x5c, AX
	MOVQ AX, X1
	VPBROADCASTB X1, Y1
	MOVQ $0x20, AX
	MOVQ AX, X2
	VPBROADCASTB X2, Y2

round:
	VMOVDQU (SI), Y3
	VMOVDQU 32(SI), Y4
	VPCMPEQB Y0, Y3, Y5
	VPCMPEQB Y1, Y3, Y6
	VPCMPGTB Y3, Y2, Y7
	VPCMPEQB Y0, Y4, Y8
	VPCMPEQB Y1, Y4, Y9
	VPCMPGTB Y4, Y2, Y10
	VPOR Y5, Y6, Y6
	VPOR Y8, Y9, Y9
	VPOR Y6, Y7, Y7
	VPOR Y9, Y10, Y10
	VPMOVMSKB Y7, AX
	VPMOVMSKB Y10, BX
	SHLQ $32, BX
	ORQ BX, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ round
	VZEROUPPER
	RET

// func hasAVX2() bool
// The processor has AVX2 and the system keeps its registers.
TEXT ·hasAVX2(SB), NOSPLIT, $0-1
	MOVB $0, ret+0(FP)
	XORL AX, AX
	CPUID
	CMPL AX, $7
	JLT done
	MOVL $1, AX
	XORL CX, CX
	CPUID
	ANDL $0x18000000, CX // OSXSAVE and AVX
	CMPL CX, $0x18000000
	JNE done
	XORL CX, CX
	XGETBV
	ANDL $6, AX // the XMM and YMM registers
	CMPL AX, $6
	JNE done
	MOVL $7, AX
	XORL CX, CX
	CPUID
	ANDL $0x20, BX // AVX2
	JZ done
	MOVB $1, ret+0(FP)

done:
	RET
