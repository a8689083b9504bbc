# bash completion of immpctl(8)

_immpctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local commands='quickstart domain account device status limits verify
		rebuild'
	local word skip='' words=''
	local -a said=()

	# The words so far without options and the value of -c.
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ -n $skip ]]; then
			skip=
		elif [[ $word == -c ]]; then
			skip=1
		elif [[ $word != -* ]]; then
			said+=("$word")
		fi
	done

	COMPREPLY=()
	if [[ $prev == -c ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	case ${said[*]-} in
	'') words=$commands ;;
	domain) words='add remove list' ;;
	account)
		words='add remove list show password rename disable enable
			quota storage proof-only'
		;;
	'account storage '*) words='central temporary' ;;
	device) words='add list revoke' ;;
	esac
	if [[ $cur == -* ]]; then
		words='--json --help --version'
		case ${said[*]-} in
		'') words+=' -c' ;;
		'account add'* | 'account password'*)
			words+=' --password-stdin --generate'
			;;
		'device add'*) words+=' --scope' ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
} && complete -F _immpctl immpctl
